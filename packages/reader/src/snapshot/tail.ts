import { WaywardError } from "@wayward/base";
import { type Envelope, parseEnvelope, sections } from "@wayward/block";
import type { Bus, BusMessage } from "@wayward/bus";
import type { Cache } from "./cache.ts";

/** A block that the bus holds: what is known of it, and its bytes when they are asked for. */
export interface TailBlock {
  readonly tenant: string;
  readonly session: string;
  readonly busSeq: bigint;
  readonly header: Envelope["header"];
  readonly headerBytes: Uint8Array;
  /** Its dictionary section. */
  readonly dictionary: Uint8Array;
  /** Bytes of the serialised block. */
  readonly length: number;
  /** Throws UNAVAILABLE / TAIL_MOVED where the block has left the bus. */
  load(): Promise<Envelope>;
}

/** Blocks of tails that are in memory, by where they are on the bus. */
export type TailBodies = Cache<Envelope>;

/** How long reading the tail may wait for the next message that the bus says it has. */
const READ_TIMEOUT_MS = 10_000;
/** The archiver may have purged what is waited for: so often it is asked what the bus has. */
const ASK_AGAIN_MS = 500;
/** Blocks behind the one wanted are read with it, up to this many bytes. */
const FETCH_BYTES_MAX = 4 * 1024 * 1024;

/**
 * What one partition of the bus holds, kept from question to question: only
 * what is new is read. The archiver purges what it has committed, so this is
 * some ten seconds of blocks, or, while the store is down, as much as the bus
 * takes: then only headers and dictionaries fit into memory.
 */
export class Tail {
  readonly #bus: Bus;
  readonly #partition: number;
  readonly #bodies: TailBodies;
  #incarnation = "";
  #next = 1n;
  #blocks: TailBlock[] = [];
  #refreshing: Promise<void> | undefined;

  constructor(bus: Bus, partition: number, bodies: TailBodies) {
    this.#bus = bus;
    this.#partition = partition;
    this.#bodies = bodies;
  }

  /** Bus sequence of the last message seen. */
  get last(): bigint {
    return this.#next - 1n;
  }

  /** Every block up to `last` that the bus held at the last refresh. */
  get blocks(): readonly TailBlock[] {
    return this.#blocks;
  }

  /**
   * Brings the tail to the bus's present end; callers at the same time share
   * one reading. Throws UNAVAILABLE / BUS_UNAVAILABLE where the bus does not
   * give what it says it has.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const end = await this.#bounds();
    for (let waitedMs = 0; this.#next <= end; ) {
      if (waitedMs >= READ_TIMEOUT_MS) throw this.#isStuck(end);
      const before = this.#next;
      await this.#readUntil(end);
      if (this.#next > end) return;
      waitedMs = this.#next > before ? 0 : waitedMs + ASK_AGAIN_MS;
      await this.#bounds();
    }
  }

  /** Forgets what was purged, and all of a bus that was lost; tells the last bus sequence. */
  async #bounds(): Promise<bigint> {
    const { first, last } = await this.#bus.bounds(this.#partition);
    const incarnation = this.#bus.incarnation(this.#partition);
    if (incarnation !== this.#incarnation) {
      this.#incarnation = incarnation;
      this.#next = 1n;
      this.#blocks = [];
    }
    if (this.#blocks.some(({ busSeq }) => busSeq < first)) {
      this.#blocks = this.#blocks.filter(({ busSeq }) => busSeq >= first);
    }
    if (this.#next < first) this.#next = first;
    return last;
  }

  /** Reads until this message was seen, or none has come for a while. A block counts at once: what fails later does not hide it. */
  async #readUntil(end: bigint): Promise<void> {
    const stop = new AbortController();
    const quiet = setTimeout(() => stop.abort(), ASK_AGAIN_MS);
    try {
      for await (const message of this.#bus.read(this.#partition, this.#next, stop.signal)) {
        this.#add(message);
        this.#next = message.busSeq + 1n;
        if (message.busSeq >= end) return;
        quiet.refresh();
      }
    } finally {
      clearTimeout(quiet);
    }
  }

  #add({ busSeq, address, body }: BusMessage): void {
    const parsed = parseEnvelope(body);
    // What cannot be read is the archiver's to put aside and to report.
    if (parsed.error !== undefined) return;
    const { header, headerBytes } = parsed.value;
    const place = this.#placeOf(busSeq);
    this.#bodies.set(place, parsed.value);
    this.#blocks.push({
      ...address,
      busSeq,
      header,
      // Copies, as a view would keep all of the body.
      headerBytes: Uint8Array.from(headerBytes),
      dictionary: Uint8Array.from(sections(parsed.value).dictionary),
      length: body.length,
      load: async () => this.#bodies.get(place) ?? (await this.#fetch(busSeq, place)),
    });
  }

  /** Reads a block once more, with those behind it. */
  async #fetch(busSeq: bigint, place: string): Promise<Envelope> {
    const { first } = await this.#bus.bounds(this.#partition);
    if (busSeq < first || place !== this.#placeOf(busSeq)) throw this.#hasMoved(busSeq);
    let wanted: Envelope | undefined;
    let bytes = 0;
    const stop = AbortSignal.timeout(READ_TIMEOUT_MS);
    for await (const message of this.#bus.read(this.#partition, busSeq, stop)) {
      const parsed = parseEnvelope(message.body);
      if (parsed.error === undefined) this.#bodies.set(this.#placeOf(message.busSeq), parsed.value);
      if (message.busSeq === busSeq) wanted = parsed.error === undefined ? parsed.value : undefined;
      bytes += message.body.length;
      if (wanted === undefined || bytes >= FETCH_BYTES_MAX || message.busSeq >= this.last) break;
    }
    if (wanted === undefined) throw this.#hasMoved(busSeq);
    return wanted;
  }

  #placeOf(busSeq: bigint): string {
    return `${this.#partition}/${this.#bus.incarnation(this.#partition)}/${busSeq}`;
  }

  #isStuck(end: bigint): WaywardError {
    const message = `partition ${this.#partition} of the bus has messages up to ${end} and gave none behind ${this.last} within ${READ_TIMEOUT_MS} ms`;
    return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", message);
  }

  #hasMoved(busSeq: bigint): WaywardError {
    const message = `message ${busSeq} of partition ${this.#partition} has left the bus for the archive while it was asked for`;
    return new WaywardError("UNAVAILABLE", "TAIL_MOVED", message);
  }
}
