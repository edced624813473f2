/** Of what happens often at most one line a minute is logged. */
const EVERY_MS = 60_000;

/** Decides when what happens again and again is worth another line. */
export class Seldom {
  readonly #lines = new Map<string, { readonly atMs: number; since: number }>();

  /** How often `what` has happened since its last line, where it is time for the next one; else undefined. */
  next(what: string, nowMs: number): number | undefined {
    const last = this.#lines.get(what);
    if (last !== undefined && nowMs - last.atMs < EVERY_MS) {
      last.since++;
      return undefined;
    }
    this.#lines.set(what, { atMs: nowMs, since: 0 });
    return last?.since ?? 0;
  }
}
