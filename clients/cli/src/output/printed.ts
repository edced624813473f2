import type { ClientRecord } from "@wayward/client";

/** Keeps account of the records of an answer that are printed: at most `limit`. */
export class Printed {
  records = 0;
  more = false;
  readonly sessions: Set<string>;
  readonly #limit: number | undefined;
  #last = "";

  /** `named`: sessions that were asked for by id count as printed. */
  constructor(limit: number | undefined, named: readonly string[] = []) {
    this.#limit = limit;
    this.sessions = new Set(named);
  }

  /** How many records to ask for: one beyond the limit tells whether more follow. */
  get asked(): number | undefined {
    return this.#limit === undefined ? undefined : this.#limit + 1;
  }

  /** True if the record is to be printed. */
  add({ session }: ClientRecord): boolean {
    if (this.records === this.#limit) {
      this.more = true;
      return false;
    }
    this.records++;
    // Most records are of the same session as the one before.
    if (session !== this.#last) this.sessions.add(session);
    this.#last = session;
    return true;
  }
}
