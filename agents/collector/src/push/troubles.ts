import { backoffMs } from "@wayward/base";

/** Work that has failed so often in a row is not waited for by who waits for all to be done. */
const HOPE_TRIES = 5;

/** Work on files that fails and is tried again: how long each waits, told once until it passes. */
export class Troubles {
  readonly #tell: ((message: string) => void) | undefined;
  readonly #tries = new Map<string, number>();

  constructor(tell: ((message: string) => void) | undefined) {
    this.#tell = tell;
  }

  /** True if something failed that may pass soon. */
  get mayPass(): boolean {
    for (const tries of this.#tries.values()) if (tries < HOPE_TRIES) return true;
    return false;
  }

  /** Notes that this work failed; milliseconds until it is worth another try. */
  failed(work: string, error: unknown): number {
    const tries = this.#tries.get(work) ?? 0;
    this.#tries.set(work, tries + 1);
    if (tries === 0)
      this.#tell?.(`spool: cannot ${work}, trying again: ${error instanceof Error ? error.message : error}`);
    return backoffMs(tries, Math.random());
  }

  passed(work: string): void {
    this.#tries.delete(work);
  }
}
