import { catchUp, loadPartition, type PartitionState } from "@wayward/chunk";
import { partitionKeys, type Store } from "@wayward/store";

/** A state as fresh as this is not asked for again, unless it must be the head. */
const FRESH_MS = 1_000;

interface Loaded {
  readonly state: PartitionState;
  readonly atMs: number;
}

/** What the logs of one tenant say, without the bus; shared by all observers. */
export class LogView {
  readonly #store: Store;
  readonly #tenant: string;
  readonly #loading = new Map<number, Promise<Loaded>>();

  constructor(store: Store, tenant: string) {
    this.#store = store;
    this.#tenant = tenant;
  }

  /** The partition's log as it was at most a second ago; with `head` as it is now. */
  async state(partition: number, head = false): Promise<PartitionState> {
    const before = this.#loading.get(partition);
    const loading = this.#load(partition, before, head);
    this.#loading.set(partition, loading);
    return (await loading).state;
  }

  async #load(partition: number, before: Promise<Loaded> | undefined, head: boolean): Promise<Loaded> {
    const keys = partitionKeys(this.#tenant, partition);
    const asked = Date.now();
    const known = await before?.catch(() => undefined);
    if (known === undefined) return { state: await loadPartition(this.#store, keys), atMs: asked };
    if (head ? known.atMs >= asked : known.atMs > asked - FRESH_MS) return known;
    const now = Date.now();
    await catchUp(this.#store, keys, known.state);
    return { state: known.state, atMs: now };
  }
}
