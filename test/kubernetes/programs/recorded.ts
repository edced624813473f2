import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { parseEnvelope, Stage } from "@wayward/block";
import { Pusher, Spool } from "@wayward/collector";
import { sessionText } from "@wayward/record";
import { Mix } from "../../../bench/mix.ts";

/** What a record is known by; no two of one program have the same time. */
export interface Known {
  readonly time: bigint;
  readonly lane: number;
  readonly kind: string;
}

/** How what was read differs from what was made. */
export interface Difference {
  lost: number;
  /** Which of the records made was the first of those lost, from 0; undefined where none was. */
  firstLost?: number;
  doubled: number;
  /** Read at the right time, but something else. */
  other: number;
}

/**
 * A program that records, with the spool and the pusher of an agent; its
 * records are seeded, so that each can be made again and held against what
 * is read.
 */
export class RecordedProgram {
  readonly id: string;
  readonly #seed: number;
  readonly #mix: Mix;
  readonly #spool: Spool;
  readonly #pusher: Pusher;
  /** Records asked for, block by block: the same again gives the same records. */
  readonly #asked: number[] = [];
  #made = 0;

  constructor(seed: number, folder: string, ingest: string) {
    this.#seed = seed;
    this.#mix = new Mix(seed);
    this.id = sessionText(this.#mix.session);
    const root = join(folder, String(seed));
    mkdirSync(root, { recursive: true });
    // Block 0 carries the description that the spool keeps beside the blocks.
    const first = this.#mix.block(1);
    const { description } = unwrap(parseEnvelope(first.bytes)).header;
    this.#spool = new Spool({
      root,
      session: this.#mix.session,
      description: api.SessionDescription.encode(api.SessionDescription.fromPartial(description ?? {})).finish(),
    });
    this.#append(1, first);
    this.#pusher = new Pusher({ root, address: ingest, tell: (text) => process.stderr.write(`${seed}: ${text}\n`) });
  }

  /** Records made so far. */
  get made(): number {
    return this.#made;
  }

  /** True once the bus has all of it. */
  get isDelivered(): boolean {
    return this.#pusher.isDrained;
  }

  /** Makes about so many records, as one block. */
  async record(records: number): Promise<void> {
    this.#append(records, this.#mix.block(records));
    await this.#pusher.scan(this.id);
  }

  /** The last block; nothing may be recorded after it. */
  async end(): Promise<void> {
    const [last] = this.#mix.writer.write(new Stage(1), { cause: 0, uncertainMs: 0, exit: "0" });
    this.#spool.append(BigInt(this.#asked.length), last!.bytes, true);
    await this.#pusher.scan(this.id);
  }

  async close(): Promise<void> {
    await this.#pusher.close();
    this.#spool.close();
  }

  /** Holds what was read, in order of time, against what was made, record for record. */
  async compare(read: AsyncIterable<Known> | Iterable<Known>): Promise<Difference> {
    const difference: Difference = { lost: 0, doubled: 0, other: 0 };
    const expected = this.#again();
    let next = expected.next();
    let made = 0;
    const lose = () => {
      difference.lost++;
      difference.firstLost ??= made;
    };
    const step = () => {
      made++;
      next = expected.next();
    };
    for await (const { time, lane, kind } of read) {
      while (!next.done && next.value.time < time) {
        lose();
        step();
      }
      if (next.done || next.value.time > time) {
        difference.doubled++;
        continue;
      }
      if (next.value.lane !== lane || next.value.kind !== kind) difference.other++;
      step();
    }
    for (; !next.done; step()) lose();
    return difference;
  }

  #append(asked: number, { bytes, records }: { readonly bytes: Buffer; readonly records: number }): void {
    this.#spool.append(BigInt(this.#asked.length), bytes);
    this.#asked.push(asked);
    this.#made += records;
  }

  *#again(): Generator<Known> {
    let records: Known[] = [];
    const mix = new Mix(this.#seed, { see: (kind, lane, time) => records.push({ kind: kind.name, lane, time }) });
    for (const asked of this.#asked) {
      mix.skip(asked);
      yield* records;
      records = [];
    }
  }
}
