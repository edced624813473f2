/** One hop on the way from a program to an analyst. */
export interface Finding {
  readonly hop: string;
  readonly ok: boolean;
  readonly what: string;
  /** What to do about it. */
  readonly fix?: string;
}
