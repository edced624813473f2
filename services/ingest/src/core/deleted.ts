/**
 * About 10 MB. The oldest are forgotten beyond it, as all are by a new
 * process that comes a day later. A block of such a session is taken, and
 * nothing comes of it: the archiver finds its session deleted in the log,
 * drops it, and says so again, which is heard here.
 */
const DELETED_MAX = 100_000;

/** Deleted sessions whose blocks are refused at the door. */
export class DeletedSessions {
  readonly #max: number;
  readonly #keys = new Set<string>();

  constructor(max: number = DELETED_MAX) {
    this.#max = max;
  }

  add(tenant: string, session: string): void {
    const key = keyOf(tenant, session);
    // Told again it is the newest.
    this.#keys.delete(key);
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (this.#keys.size > this.#max && oldest !== undefined) this.#keys.delete(oldest);
  }

  has(tenant: string, session: string): boolean {
    return this.#keys.has(keyOf(tenant, session));
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }
}

/** No tenant's name has a slash. */
function keyOf(tenant: string, session: string): string {
  return `${tenant}/${session}`;
}
