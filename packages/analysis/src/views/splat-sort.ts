/**
 * The sort keys of AIX splat (`-s`), and what each of them sorts by here.
 * Records tell no processor time: c is e. A wait is a wait, whether it spins
 * or sleeps: S takes all of it.
 */
export const SPLAT_SORTS = {
  a: "acquisitions",
  c: "time held, as e",
  e: "time held",
  l: "name of the lock, function or lane",
  m: "miss rate",
  s: "spins: tries that failed",
  S: "time waited",
  w: "share of the time that was waited",
  W: "average depth of the queue; functions and lanes by their waits",
} as const;

export type SplatSort = keyof typeof SPLAT_SORTS;

/** What the keys look at. */
export interface Sortable {
  readonly name: string;
  readonly acquisitions: number;
  readonly heldPercent: number;
  readonly missPercent: number;
  readonly spins: number;
  readonly waitTotal: number;
  readonly waitPercent: number;
  readonly queueAverage: number;
}

const NUMBERS: Readonly<Record<Exclude<SplatSort, "l">, keyof Omit<Sortable, "name">>> = {
  a: "acquisitions",
  c: "heldPercent",
  e: "heldPercent",
  m: "missPercent",
  s: "spins",
  S: "waitTotal",
  w: "waitPercent",
  W: "queueAverage",
};

/** Largest first, names from A on; of equal ones that which was acquired more often. */
export function splatOrder(sort: SplatSort): (a: Sortable, b: Sortable) => number {
  const byName = (a: Sortable, b: Sortable) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  if (sort === "l") return byName;
  const key = NUMBERS[sort];
  return (a, b) => b[key] - a[key] || b.acquisitions - a.acquisitions || byName(a, b);
}
