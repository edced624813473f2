import { type Bus, partitionOf } from "@wayward/bus";
import { catchUp, loadPartition, type PartitionState } from "@wayward/chunk";
import { partitionKeys, type Store } from "@wayward/store";
import { onlySession, type SessionTest } from "../selector.ts";
import { Cache } from "./cache.ts";
import { type Newest, type SessionView, viewSessions } from "./session.ts";
import { BlockSource, type SourceMemory } from "./source.ts";
import { Tail, type TailBodies } from "./tail.ts";

/** What one answer rests on: the log up to a number and the bus behind it, of every partition. */
export interface Snapshot {
  readonly sessions: readonly SessionView[];
  readonly partitions: readonly PartitionPlace[];
}

export interface PartitionPlace {
  readonly partition: number;
  /** Number of the last log entry seen, -1 for none. */
  readonly logNumber: bigint;
  readonly busSeq: bigint;
  /** Bus sequence up to which the log has everything; 0 where the bus was made anew since. */
  readonly committedBusSeq: bigint;
}

export interface CatalogueOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly partitions: number;
  readonly tenant: string;
  /** Default: for one who is asked again and again. */
  readonly memory?: CatalogueMemory;
}

/** Bytes of what is kept in memory between questions. */
export interface CatalogueMemory extends SourceMemory {
  /** Blocks of all tails. */
  readonly tails: number;
}

/** The next question often asks the same columns of the same blocks. Archivers that keep up leave 64 MiB on the bus at most. */
const MEMORY: CatalogueMemory = { footers: 64 * 1024 ** 2, blocks: 160 * 1024 ** 2, tails: 64 * 1024 ** 2 };

/** Everything of one tenant that can be read now. Keeps logs and tails between questions. */
export class Catalogue {
  readonly source: BlockSource;
  readonly #options: CatalogueOptions;
  readonly #tails: readonly Tail[];
  readonly #states = new Map<number, PartitionState>();
  readonly #loading = new Map<number, Promise<PartitionState>>();

  constructor(options: CatalogueOptions) {
    this.#options = options;
    const { store, memory = MEMORY } = options;
    this.source = new BlockSource(store, memory);
    const bodies: TailBodies = new Cache(memory.tails, ({ bytes }) => bytes.length);
    this.#tails = Array.from(
      { length: options.partitions },
      (_, partition) => new Tail(options.bus, partition, bodies),
    );
  }

  /** The sessions that pass, archive and tail as one, by partition and id; with `newest` the newest of each partition. */
  async snapshot(chosen: SessionTest, newest?: Newest): Promise<Snapshot> {
    const parts = await Promise.all(
      this.#tails.map((tail, partition) => this.#partition(partition, tail, chosen, newest)),
    );
    return {
      sessions: parts.flatMap(({ sessions }) => sessions),
      partitions: parts.map(({ place }) => place),
    };
  }

  /** One session as it is now, if it is known; only its partition is asked. */
  async session(id: Uint8Array): Promise<SessionView | undefined> {
    const partition = partitionOf(id, this.#options.partitions);
    const { sessions } = await this.#partition(partition, this.#tails[partition]!, onlySession(id));
    return sessions[0];
  }

  /**
   * The tail is read before the log: what the archiver moves meanwhile is
   * then in both, and identity makes it one. The other way it could be in
   * neither.
   */
  async #partition(partition: number, tail: Tail, chosen: SessionTest, newest?: Newest) {
    await tail.refresh();
    const blocks = tail.blocks.filter(({ tenant }) => tenant === this.#options.tenant);
    const busSeq = tail.last;
    const state = await this.#state(partition);
    const sessions = viewSessions(partition, state, blocks, chosen, newest);
    const committedBusSeq = state.incarnation === this.#options.bus.incarnation(partition) ? state.busSeq : 0n;
    return { sessions, place: { partition, logNumber: state.n, busSeq, committedBusSeq } };
  }

  /** The partition's log at its head; one caller at a time moves it. */
  #state(partition: number): Promise<PartitionState> {
    const before = this.#loading.get(partition) ?? Promise.resolve();
    const loading = before.catch(() => {}).then(() => this.#advance(partition));
    this.#loading.set(partition, loading);
    return loading;
  }

  async #advance(partition: number): Promise<PartitionState> {
    const { store, tenant } = this.#options;
    const keys = partitionKeys(tenant, partition);
    const known = this.#states.get(partition);
    if (known !== undefined) {
      await catchUp(store, keys, known);
      return known;
    }
    const state = await loadPartition(store, keys);
    this.#states.set(partition, state);
    return state;
  }
}
