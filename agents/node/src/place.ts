/** Where in the code something happens: numbers of the dictionary, 0 where they are not known. */
export interface Place {
  readonly site: number;
  readonly stack: number;
}

export const NOWHERE: Place = { site: 0, stack: 0 };
