import { block as api } from "@wayward/api";
import { BlockWriter, type Scalar, Stage } from "@wayward/block";
import {
  counterValue,
  defineKind,
  dropRecords,
  f,
  jobEnqueue,
  jobFinish,
  jobStart,
  type Kind,
  lockAcquired,
  lockReleased,
  lockTimedOut,
  lockUpgraded,
  lockWait,
  logMessage,
  newSessionId,
  sessionText,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";

/** A kind that no server knows. */
const payment = defineKind("shop.payment", [
  f.ref("currency", "string", { role: "key" }),
  f.u64("amount", { role: "measure", unit: "1" }),
  f.bytes("token"),
  f.string("memo", { role: "text" }),
]);

export interface SeededOptions {
  readonly name?: string;
  readonly blocks: number;
  /** Turns of each block; one makes about ten records. */
  readonly turns?: number;
  /** False: the session goes on, or its end was lost. */
  readonly ends?: boolean;
  /** Else one made of the seed. */
  readonly id?: Uint8Array;
}

/** A session as its writer made it. */
export interface Seeded {
  readonly id: Uint8Array;
  readonly text: string;
  readonly name: string;
  /** Serialised, by seq. */
  readonly blocks: readonly Buffer[];
  readonly records: number;
  /** Raw time + offset = aligned time. */
  readonly offset: bigint;
}

/** Records of every built-in family that is paired, of a user kind and of drops, on threads and tasks; for this service's tests. */
export function seededSession(
  seed: number,
  { name = `app-${seed}`, blocks, turns = 30, ends = true, id: given }: SeededOptions,
): Seeded {
  const id = given ?? newSessionId(1_700_000_000_000 + seed * 1000);
  const start = 5_000_000_000n * BigInt(seed + 1);
  const anchor = { clock: start, wall: 1_700_000_000_000_000_000n + BigInt(seed) * 777n, uncertainty: 10n };
  const description = api.SessionDescription.fromPartial({ name, host: `host-${seed % 2}`, start, anchor });
  const maker = new Maker(new BlockWriter({ session: id, description }), seed, start);
  const bytes: Buffer[] = [];
  let records = 0;
  for (let block = 0; block < blocks; block++) {
    for (let turn = 0; turn < turns; turn++) maker.turn();
    records += maker.stage.count;
    const end = ends && block === blocks - 1 ? { cause: 0 as const, uncertainMs: 0, exit: "0" } : undefined;
    bytes.push(...maker.writer.write(maker.stage, end).map((written) => written.bytes));
    maker.stage.clear();
  }
  return { id, text: sessionText(id), name, blocks: bytes, records, offset: anchor.wall - anchor.clock };
}

class Maker {
  readonly writer: BlockWriter;
  readonly stage = new Stage();
  readonly #lanes: number[];
  readonly #zones: number[];
  readonly #locks: number[];
  readonly #queues: number[];
  readonly #site: number;
  #state: number;
  #time: bigint;
  #job = 0;
  readonly #running: { readonly queue: number; readonly job: number }[] = [];

  constructor(writer: BlockWriter, seed: number, start: bigint) {
    this.writer = writer;
    this.#state = seed * 7919 + 1;
    this.#time = start;
    const { dictionary } = writer;
    const threads = ["main", "worker-1", "worker-2"].map((name) => dictionary.lane({ name, kind: "thread" }));
    const task = dictionary.lane({ name: "task", kind: "task", parent: threads[0]! });
    this.#lanes = [...threads, task];
    this.#zones = ["parse", "render", "commit"].map((zone) => dictionary.string(zone));
    this.#locks = ["pool", "cache", "index"].map((lock) => dictionary.object({ type: "mutex", class: lock }));
    this.#queues = ["mail", "thumbs"].map((queue) => dictionary.object({ type: "queue", class: queue }));
    this.#site = dictionary.site({ function: "handle", file: "a.ts", line: 3, text: "took {} rows from {}" });
  }

  turn(): void {
    const lane = this.#pick(this.#lanes);
    const depth = this.#random(3);
    for (let level = 0; level < depth; level++) this.#zone(lane, level);
    this.#lock(lane);
    this.#log(lane);
    this.#jobs(lane);
    this.#extra(lane);
    // Some zones stay open over the block's end, and some for ever.
    for (let level = 0; level < depth; level++) if (this.#random(5) > 0) this.#add(zoneEnd, lane, []);
  }

  #zone(lane: number, level: number): void {
    const id = this.#random(6) === 0 ? this.#job * 8 + level + 1 : undefined;
    const name = this.#random(4) === 0 ? undefined : this.#pick(this.#zones);
    this.#add(
      zoneBegin,
      lane,
      [name, id, this.#random(3) === 0 ? `rendered page ${this.#random(40)}` : undefined],
      this.#site,
    );
    if (id !== undefined && this.#random(3) > 0) this.#add(zoneEnd, this.#pick(this.#lanes), [id, -4, true]);
  }

  #lock(lane: number): void {
    const lock = this.#pick(this.#locks);
    const mode = this.#random(3);
    if (this.#random(3) === 0) this.#add(lockWait, lane, [lock, mode]);
    if (this.#random(12) === 0) {
      this.#add(lockTimedOut, lane, [lock, mode, 0]);
      return;
    }
    this.#add(lockAcquired, lane, [lock, mode]);
    if (mode === 1 && this.#random(4) === 0) this.#add(lockUpgraded, lane, [lock]);
    if (this.#random(9) > 0) this.#add(lockReleased, lane, [lock, mode]);
  }

  #log(lane: number): void {
    const channel = this.writer.dictionary.string(this.#random(4) === 0 ? "http" : "db.pool");
    const args: Scalar[] = [this.#random(100), this.#random(3) === 0 ? null : "table", ...this.#rest()];
    const trace = this.#random(4) === 0 ? Buffer.alloc(16, this.#random(250) + 1) : undefined;
    this.#add(logMessage, lane, [this.#random(6), channel, args], this.#random(5) > 0 ? this.#site : undefined, trace);
  }

  #rest(): Scalar[] {
    if (this.#random(4) > 0) return [];
    return [true, 2.5, -7n, 2n ** 63n + 5n, Buffer.from([1, 2]), "späť 🙂"];
  }

  #jobs(lane: number): void {
    const queue = this.#pick(this.#queues);
    if (this.#random(2) === 0) {
      const job = ++this.#job;
      this.#add(jobEnqueue, lane, [queue, job, this.#random(9), undefined]);
      this.#running.push({ queue, job });
    }
    if (this.#running.length > 4) {
      const { queue: from, job } = this.#running.shift()!;
      this.#add(jobStart, lane, [from, job, undefined]);
      if (this.#random(8) > 0) this.#add(jobFinish, lane, [from, job, this.#random(3)]);
    }
  }

  #extra(lane: number): void {
    const { dictionary } = this.writer;
    if (this.#random(3) === 0) {
      const memo = this.#random(2) === 0 ? undefined : `paid ${this.#random(9)}`;
      this.#add(payment, lane, [
        dictionary.string(this.#random(2) ? "EUR" : "SEK"),
        this.#random(5000),
        Buffer.of(7),
        memo,
      ]);
    }
    if (this.#random(6) === 0) this.#add(counterValue, lane, [dictionary.string("depth"), this.#random(900) / 8]);
    if (this.#random(200) === 0) this.#add(dropRecords, lane, [lane, 3, 2, this.#time, this.#time, 0]);
  }

  #add(kind: Kind, lane: number, values: Parameters<Stage["add"]>[3], site?: number, traceId?: Uint8Array): void {
    // Some records have equal times.
    this.#time += BigInt(Math.max(0, this.#random(900) - 90));
    const head = { lane, time: this.#time, site, traceId, spanId: traceId?.subarray(0, 8) };
    this.stage.add(this.writer.dictionary.kind(kind), kind, head, values);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random(list.length)]!;
  }

  #random(most: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff;
    return (this.#state >> 8) % most;
  }
}
