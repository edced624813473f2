/** Names a push stream for as long as the process lives. */
export type StreamId = number;

/** A stream that hears of a session. */
interface Follow {
  readonly stream: StreamId;
  readonly tenant: string;
  readonly session: string;
}

/** Which streams hear of which session, as told by `add` and `remove`. */
export class Followers {
  /** By tenant and session; in the order in which they were first followed. */
  readonly #streams = new Map<
    string,
    { readonly tenant: string; readonly session: string; readonly ids: Set<StreamId> }
  >();
  #size = 0;

  /** How many pairs of stream and session there are. */
  get size(): number {
    return this.#size;
  }

  /** The one that began first, as far as the order of sessions tells. */
  get oldest(): Follow | undefined {
    for (const { tenant, session, ids } of this.#streams.values()) {
      for (const stream of ids) return { stream, tenant, session };
    }
    return undefined;
  }

  of(tenant: string, session: string): Iterable<StreamId> {
    return this.#streams.get(`${tenant}/${session}`)?.ids ?? [];
  }

  add({ stream, tenant, session }: Follow): void {
    const key = `${tenant}/${session}`;
    const known = this.#streams.get(key) ?? { tenant, session, ids: new Set() };
    this.#streams.set(key, known);
    if (!known.ids.has(stream)) this.#size++;
    known.ids.add(stream);
  }

  remove({ stream, tenant, session }: Follow): void {
    const key = `${tenant}/${session}`;
    const known = this.#streams.get(key);
    if (known?.ids.delete(stream)) this.#size--;
    if (known?.ids.size === 0) this.#streams.delete(key);
  }
}
