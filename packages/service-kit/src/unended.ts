import type { Log } from "./log.ts";

/** Ending takes this long at most. */
const END_WITHIN_MS = 15_000;

/** What an ending still waits for, by name. */
export class Unended {
  readonly #names: string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  /** Is as `ending`, and knows it by this name until it is settled. */
  async settle<T>(name: string, ending: Promise<T>): Promise<T> {
    this.#names.push(name);
    try {
      return await ending;
    } finally {
      this.#names.splice(this.#names.indexOf(name), 1);
    }
  }
}

/** From now on the process has 15 s to end; then it says what it still waits for, and ends with 1. */
export function endInTime(log: Log, { names }: Unended): void {
  const end = () => {
    const waitsFor = names.join(", ") || "nothing that is known";
    log.error("not ended in time", { afterMs: END_WITHIN_MS, waitsFor });
    process.exit(1);
  };
  setTimeout(end, END_WITHIN_MS).unref();
}
