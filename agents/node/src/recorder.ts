import { AsyncLocalStorage } from "node:async_hooks";
import { BlockWriter, type BlockWriterOptions, type FieldValue, FLAG, Stage } from "@wayward/block";
import { type Kind, threadExit, threadStart, zoneBegin, zoneEnd } from "@wayward/record";
import { halves, tick, ticked } from "./clock.ts";
import type { Sink } from "./sink.ts";
import type { Trace } from "./trace.ts";

/** What an async flow runs as. */
export interface Flow {
  readonly lane: number;
  readonly trace: Trace | undefined;
}

interface Lost {
  count: number;
  readonly from: bigint;
  until: bigint;
}

/** Words kept free, so that one check covers any record. */
const RECORD_WORDS = 160;
/** Blocks kept in memory while the sink refuses them. */
const PENDING_MAX = 64;

/** Takes records of this thread and writes them as blocks. */
export class Recorder {
  readonly writer: BlockWriter;
  readonly #stage: Stage;
  readonly #last: number;
  readonly #sink: Sink;
  readonly #main: Flow;
  readonly #flows = new AsyncLocalStorage<Flow>();
  readonly #lost = new Map<number, Lost>();
  readonly #zoneBegin: number;
  readonly #zoneEnd: number;
  #pending: { seq: bigint; bytes: Uint8Array }[] = [];
  #scoped = false;
  #full = false;
  /** Drops that the next block reports. */
  #owed = false;
  #ended = false;

  /** `words` is the room for one interval, in 32-bit words. */
  constructor(options: BlockWriterOptions, sink: Sink, words: number) {
    this.writer = new BlockWriter(options);
    this.#stage = new Stage(words);
    this.#last = words - RECORD_WORDS;
    this.#sink = sink;
    this.#main = { lane: this.writer.dictionary.lane({ name: "main", kind: "thread" }), trace: undefined };
    this.#zoneBegin = this.writer.dictionary.kind(zoneBegin);
    this.#zoneEnd = this.writer.dictionary.kind(zoneEnd);
    this.#write();
  }

  /** Lane and trace of the running code. */
  get flow(): Flow {
    return this.#scoped ? (this.#flows.getStore() ?? this.#main) : this.#main;
  }

  /** Runs `work` under another trace. */
  within<T>(trace: Trace, work: () => T): T {
    this.#scoped = true;
    return this.#flows.run({ lane: this.flow.lane, trace }, work);
  }

  /** Runs `work` as a lane of its own. */
  async task<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const { lane: parent, trace } = this.flow;
    this.#scoped = true;
    const lane = this.writer.dictionary.lane({ name, kind: "task", parent });
    return this.#flows.run({ lane, trace }, async () => {
      this.record(threadStart, [parent]);
      try {
        return await work();
      } finally {
        this.record(threadExit, []);
      }
    });
  }

  zoneBegin(name: number, site: number): void {
    if (this.#scoped) {
      this.record(zoneBegin, [name], site);
      return;
    }
    tick();
    const stage = this.#stage;
    const at = stage.used;
    if (this.#full || at > this.#last) {
      this.#drop(this.#main.lane);
      return;
    }
    const { words } = stage;
    words[at] = this.#zoneBegin | (7 << 16) | ((FLAG.site | FLAG.absent) << 24);
    words[at + 1] = this.#main.lane;
    words[at + 2] = halves[0]!;
    words[at + 3] = halves[1]!;
    words[at + 4] = site;
    words[at + 5] = 1;
    words[at + 6] = name;
    stage.used = at + 7;
    stage.count++;
  }

  zoneEnd(failed: boolean): void {
    if (failed || this.#scoped) {
      this.record(zoneEnd, [undefined, undefined, failed ? true : undefined]);
      return;
    }
    tick();
    const stage = this.#stage;
    const at = stage.used;
    if (this.#full || at > this.#last) {
      this.#drop(this.#main.lane);
      return;
    }
    const { words } = stage;
    words[at] = this.#zoneEnd | (5 << 16) | (FLAG.absent << 24);
    words[at + 1] = this.#main.lane;
    words[at + 2] = halves[0]!;
    words[at + 3] = halves[1]!;
    words[at + 4] = 0;
    stage.used = at + 5;
    stage.count++;
  }

  /** Takes a record of any kind; values stand in the order of its fields. */
  record(kind: Kind, values: readonly FieldValue[], site = 0, under?: Trace): void {
    tick();
    const { lane, trace = under } = this.flow;
    if (this.#full || this.#stage.used > this.#last) {
      this.#drop(lane);
      return;
    }
    const correlation = trace === undefined ? {} : { traceId: trace.traceId, spanId: trace.spanId };
    this.#stage.add(this.writer.dictionary.kind(kind), kind, { lane, time: ticked(), site, ...correlation }, values);
  }

  /** Writes what is staged. The sink's failures keep blocks in memory until the next call. */
  flush(): void {
    if (!this.#ended && (this.#stage.count > 0 || this.#full || this.#owed || this.#pending.length > 0)) this.#write();
  }

  /** Writes what is staged and the end mark; nothing is taken afterwards. */
  end(exit: string): void {
    if (this.#ended) return;
    if (this.#full) this.#write();
    this.#write(exit);
    this.#ended = true;
    this.#full = true;
  }

  #write(exit?: string): void {
    const blocks = this.writer.write(this.#stage, exit === undefined ? undefined : { cause: 0, uncertainMs: 0, exit });
    this.#stage.clear();
    this.#owed = this.#lost.size > 0;
    for (const [lane, { count, from, until }] of this.#lost) this.writer.drop(lane, count, from, until, "ring-full");
    this.#lost.clear();
    this.#full = false;
    this.#pending.push(...blocks);
    this.#append();
  }

  #append(): void {
    try {
      while (this.#pending.length > 0) {
        const { seq, bytes } = this.#pending[0]!;
        this.#sink.append(seq, bytes);
        this.#pending.shift();
      }
    } catch {
      // A refusing disk must not stop the program; the hole in seq tells readers what is gone.
      if (this.#pending.length > PENDING_MAX) this.#pending = this.#pending.slice(-PENDING_MAX);
    }
  }

  /** Once full, an interval stays full: a smaller record must not pass the hole. */
  #drop(lane: number): void {
    this.#full = true;
    if (this.#ended) return;
    const time = ticked();
    const lost = this.#lost.get(lane);
    if (lost === undefined) this.#lost.set(lane, { count: 1, from: time, until: time });
    else {
      lost.count++;
      lost.until = time;
    }
  }
}
