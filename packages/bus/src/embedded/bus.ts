import { dirname } from "node:path";
import { assert, createDeferred, type Deferred, makeFolder, WaywardError } from "@wayward/base";
import { checkAddress, checkChannel } from "../names.ts";
import type { Address, Bus, BusFacts, BusMessage, BusUsage, Stored, Subscription } from "../port.ts";
import { BusDatabase, busError, type StagedMessage } from "./database.ts";
import { EmbeddedTopics } from "./topics.ts";

export interface EmbeddedBusOptions {
  /** The SQLite file; its folder is made. */
  readonly path: string;
  readonly partitions: number;
  /** Bytes of messages held at most; above it publishes get BUS_FULL. Default 4 GiB. */
  readonly maxBytes?: number;
}

/** Messages and bytes of one commit: more would only make those in it wait. */
const COMMIT_MESSAGES_MAX = 500;
const COMMIT_BYTES_MAX = 16 * 1024 * 1024;
/** Messages a reader takes from the file at once: blocks are 768 KiB at most, so 16 MiB hold 20. */
const READ_MESSAGES = 20;
const EXPIRE_EVERY_MS = 3600 * 1000;
const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;

type Waiting = StagedMessage & { readonly stored: Deferred<Stored> };
type Listener = (address: Address, body: Uint8Array) => void;

/** Opens the bus of the all-in-one. Throws BUS_IN_USE, BUS_UNUSABLE. */
export function openEmbeddedBus(options: EmbeddedBusOptions): Bus {
  try {
    makeFolder(dirname(options.path));
  } catch (error) {
    throw busError(error, options.path);
  }
  return new EmbeddedBus(options);
}

class EmbeddedBus implements Bus {
  readonly partitions: number;
  readonly facts: BusFacts = { name: "embedded", powerSafe: true, isPrivate: true, warnings: [] };
  readonly topics: EmbeddedTopics;
  readonly #database: BusDatabase;
  readonly #maxBytes: number;
  readonly #listeners: Set<Listener>[];
  readonly #heard = new Map<string, Set<(body: Uint8Array) => void>>();
  /** Resolved, and made anew, when a partition has new messages. */
  readonly #news: Deferred<void>[];
  readonly #expiry: NodeJS.Timeout;
  #waiting: Waiting[] = [];
  #bytes: number;
  #scheduled = false;
  #closed = false;

  constructor({ path, partitions, maxBytes = DEFAULT_MAX_BYTES }: EmbeddedBusOptions) {
    this.partitions = partitions;
    this.#database = new BusDatabase(path, partitions);
    this.#maxBytes = maxBytes;
    this.#bytes = this.#database.bytes();
    this.topics = new EmbeddedTopics(this.#database);
    this.#listeners = Array.from({ length: partitions }, () => new Set());
    this.#news = Array.from({ length: partitions }, () => createDeferred<void>());
    this.#expire();
    this.#expiry = setInterval(() => this.#expire(), EXPIRE_EVERY_MS).unref();
  }

  /** A full disk keeps old topics until there is room again. Nobody waits for them to go: what else is wrong the next message tells. */
  #expire(): void {
    try {
      this.#database.expireTopics(Date.now());
    } catch {
      // The next hour tries again.
    }
  }

  incarnation(): string {
    return this.#database.incarnation;
  }

  publish(partition: number, address: Address, body: Uint8Array): Promise<Stored> {
    checkAddress(address);
    assert(partition < this.partitions, `partition ${partition} of ${this.partitions}`);
    if (this.#closed) return Promise.reject(closed());
    if (this.#bytes + body.length > this.#maxBytes) return Promise.reject(full(this.#bytes, this.#maxBytes));
    for (const listener of this.#listeners[partition]!) listener(address, body);
    const stored = createDeferred<Stored>();
    this.#bytes += body.length;
    this.#waiting.push({ partition, address, body, stored });
    this.#schedule();
    return stored.promise;
  }

  async *read(partition: number, from: bigint, signal: AbortSignal): AsyncGenerator<BusMessage> {
    let next = from;
    while (!signal.aborted && !this.#closed) {
      const news = this.#news[partition]!;
      const messages = this.#database.read(partition, next, READ_MESSAGES);
      for (const message of messages) {
        if (signal.aborted) return;
        yield message;
        next = message.busSeq + 1n;
      }
      if (messages.length === 0) await settled(news.promise, signal);
    }
  }

  async bounds(partition: number): Promise<{ readonly first: bigint; readonly last: bigint }> {
    return this.#database.bounds(partition);
  }

  async usage(partition: number): Promise<BusUsage> {
    const { messages, bytes, oldestMs } = this.#database.usage(partition);
    return {
      messages,
      bytes,
      // What the other partitions leave: so one that is full is full, whosever the blocks are.
      bytesMax: this.#maxBytes - (this.#bytes - bytes),
      oldestMs: messages === 0 ? 0 : Math.max(0, Date.now() - oldestMs),
    };
  }

  async purge(partition: number, upTo: bigint): Promise<void> {
    this.#database.purge(partition, upTo);
    this.#bytes = this.#database.bytes() + this.#waiting.reduce((sum, { body }) => sum + body.length, 0);
  }

  async listen(partition: number, listener: Listener): Promise<Subscription> {
    const listeners = this.#listeners[partition]!;
    listeners.add(listener);
    return { close: async () => void listeners.delete(listener) };
  }

  announce(channel: string, body: Uint8Array): void {
    checkChannel(channel);
    for (const listener of this.#heard.get(channel) ?? []) listener(body);
  }

  async hear(channel: string, listener: (body: Uint8Array) => void): Promise<Subscription> {
    checkChannel(channel);
    const listeners = this.#heard.get(channel) ?? new Set();
    this.#heard.set(channel, listeners.add(listener));
    return { close: async () => void listeners.delete(listener) };
  }

  get isReady(): boolean {
    return !this.#closed;
  }

  onConnection(): void {
    // A file of this process: nothing comes between.
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    while (this.#waiting.length > 0) this.#commit();
    this.#closed = true;
    clearInterval(this.#expiry);
    this.topics.close();
    for (const news of this.#news) news.resolve();
    this.#database.close();
  }

  /** The first message goes with the event loop's next turn; all that came by then go with it. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      this.#commit();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commit(): void {
    const batch = takeBatch(this.#waiting);
    this.#waiting = this.#waiting.slice(batch.length);
    try {
      const seqs = this.#database.commit(batch, Date.now());
      const { incarnation } = this.#database;
      for (const [index, { stored }] of batch.entries()) stored.resolve({ busSeq: seqs[index]!, incarnation });
      for (const partition of new Set(batch.map((message) => message.partition))) this.#tellNews(partition);
    } catch (error) {
      for (const { stored, body } of batch) {
        this.#bytes -= body.length;
        stored.reject(busError(error));
      }
    }
  }

  #tellNews(partition: number): void {
    const news = this.#news[partition]!;
    this.#news[partition] = createDeferred<void>();
    news.resolve();
  }
}

function takeBatch(waiting: readonly Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { body } of waiting) {
    if (count === COMMIT_MESSAGES_MAX || (count > 0 && bytes + body.length > COMMIT_BYTES_MAX)) break;
    bytes += body.length;
    count++;
  }
  return waiting.slice(0, count);
}

function settled(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      signal.removeEventListener("abort", finish);
      resolve();
    };
    signal.addEventListener("abort", finish, { once: true });
    void promise.then(finish);
  });
}

function full(bytes: number, limit: number): WaywardError {
  return new WaywardError("RESOURCE_EXHAUSTED", "BUS_FULL", `the bus holds ${bytes} bytes, at most ${limit}`);
}

function closed(): WaywardError {
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", "the bus is closed");
}
