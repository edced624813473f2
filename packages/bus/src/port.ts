/**
 * The live transport between ingest, archive and stream. Two adapters keep
 * this contract (`jetstream/`, `embedded/`), one suite proves it
 * (`contract.ts`).
 *
 * A partition is a sequence of messages numbered from 1 without holes; the
 * number is the bus sequence. Nothing leaves it except by `purge`. The bus
 * remembers nothing for its readers and promises no deduplication.
 */
export interface Bus {
  readonly partitions: number;
  /** What stands behind the port, and whether an acknowledged message survives a power cut. */
  readonly facts: BusFacts;

  /**
   * Names this creation of the partition: another one after the bus was lost
   * or made anew. Bus sequences compare only inside one incarnation. It is
   * what the bus has told last; once `bounds` has resolved it is at least as
   * new as its answer.
   */
  incarnation(partition: number): string;

  /**
   * Stores a message. Resolves when it is stored durably; goes at once if no
   * commit is under way, else with the next one (group commit). Rejects with
   * RESOURCE_EXHAUSTED / BUS_FULL when the partition is full and with
   * UNAVAILABLE / BUS_UNAVAILABLE when nobody can say whether it was stored
   * or which incarnation is in force; both may be tried again. `body` must not change until then.
   */
  publish(partition: number, address: Address, body: Uint8Array): Promise<Stored>;

  /**
   * Messages from bus sequence `from` on (or the first that is left), in
   * order, first those stored, then those to come, until the signal aborts.
   * The reader sets the pace: at most 16 MiB wait in memory. All are of the
   * incarnation that is told when the reading begins; when the partition is
   * made anew it throws UNAVAILABLE / BUS_UNAVAILABLE.
   */
  read(partition: number, from: bigint, signal: AbortSignal): AsyncIterable<BusMessage>;

  /** First and last bus sequence now held; `last` is `first - 1` if the partition is empty. */
  bounds(partition: number): Promise<{ readonly first: bigint; readonly last: bigint }>;

  /** What the partition holds and may hold. Of an embedded bus all partitions share one limit: it may hold what the others leave. */
  usage(partition: number): Promise<BusUsage>;

  /** Removes all messages up to and including this bus sequence. */
  purge(partition: number, upTo: bigint): Promise<void>;

  /**
   * Hears every message of the partition as early as possible, before and
   * even if never it is stored. Best effort: messages may be missed. The
   * listener must return fast and may keep `body`.
   */
  listen(partition: number, listener: (address: Address, body: Uint8Array) => void): Promise<Subscription>;

  /** Tells all who listen on `channel`, in any process, best effort. `channel` is `[a-z0-9-]{1,64}`. */
  announce(channel: string, body: Uint8Array): void;
  hear(channel: string, listener: (body: Uint8Array) => void): Promise<Subscription>;

  readonly topics: Topics;

  /** Whether it can be used now: it is connected, and what it keeps messages in is known to be there. */
  readonly isReady: boolean;
  /** Hears each loss of the connection, and each return. */
  onConnection(listener: (isConnected: boolean) => void): void;

  close(): Promise<void>;
}

/**
 * Small values, each under a name of its own, the last one counting. Names
 * are `[a-z0-9-]+(/[a-z0-9-]+){0,3}`, values at most 64 KiB. Names below
 * `watermark/` go 24 hours after their last change, all others stay.
 */
export interface Topics {
  get(name: string): Promise<TopicValue | undefined>;
  /**
   * Sets the value and tells the new revision. With `expected` only if the
   * present revision is that (0n: if there is none), else `changed`.
   */
  set(name: string, value: Uint8Array, expected?: bigint): Promise<bigint | "changed">;
  /**
   * All values below `prefix/` as they are now, then every change, until the
   * signal aborts. Throws UNAVAILABLE / BUS_UNAVAILABLE when the topics are
   * made anew.
   */
  watch(prefix: string, signal: AbortSignal): AsyncIterable<TopicValue>;
}

export interface TopicValue {
  readonly name: string;
  readonly value: Uint8Array;
  readonly revision: bigint;
}

/** Whose message it is. */
export interface Address {
  /** `^[a-z0-9]{1,32}$`. */
  readonly tenant: string;
  /** 26 base-32 characters. */
  readonly session: string;
}

export interface Stored {
  readonly busSeq: bigint;
  readonly incarnation: string;
}

export interface BusUsage {
  readonly messages: number;
  readonly bytes: number;
  readonly bytesMax: number;
  /** How long the first message has been there, in milliseconds by the bus's own clock; 0 where there is none. */
  readonly oldestMs: number;
}

export interface BusMessage {
  readonly busSeq: bigint;
  readonly address: Address;
  /** Belongs to the reader. */
  readonly body: Uint8Array;
}

export interface Subscription {
  close(): Promise<void>;
}

export interface BusFacts {
  /** `nats-server 2.15.2` or `embedded`. */
  readonly name: string;
  /** True if every acknowledged message was synced to disk first. */
  readonly powerSafe: boolean;
  /** True if no other process can use this bus. */
  readonly isPrivate: boolean;
  /** What an operator should know, in sentences. */
  readonly warnings: readonly string[];
}
