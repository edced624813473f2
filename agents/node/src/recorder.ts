import { AsyncLocalStorage } from "node:async_hooks";
import { isMainThread, threadId } from "node:worker_threads";
import {
  BlockWriter,
  type BlockWriterOptions,
  type FieldValue,
  FLAG,
  type LaneInfo,
  type LaneKind,
  Layout,
  type Scalar,
  Stage,
} from "@wayward/block";
import {
  dropRecords,
  type Kind,
  logMessage,
  threadExit,
  threadName,
  threadStart,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { halves, tick, ticked } from "./clock.ts";
import type { Place } from "./place.ts";
import type { Sink } from "./sink.ts";
import { shown } from "./text.ts";
import type { Trace } from "./trace.ts";

/** What an async flow runs as. */
export interface Flow {
  readonly lane: number;
  readonly trace: Trace | undefined;
  /** Tasks of equal name have the same one; 0 outside of tasks and for names that came too late (TASK_NAMES). */
  readonly task: number;
}

interface Lost {
  count: number;
  readonly from: bigint;
  until: bigint;
}

/** Names of tasks that are told apart, the first of a session: some programs make one up for each task. */
export const TASK_NAMES = 256;

const TWO_32 = 0x1_0000_0000;

/** Words kept free, so that one check covers any record. */
const RECORD_WORDS = 160;

/** Takes records of this thread and writes them as blocks. */
export class Recorder {
  readonly writer: BlockWriter;
  readonly #stage: Stage;
  readonly #last: number;
  readonly #sink: Sink;
  readonly #main: Flow;
  readonly #flows = new AsyncLocalStorage<Flow>();
  readonly #tasks = new Map<string, number>();
  readonly #lost = new Map<number, Lost>();
  readonly #layouts = new Map<Kind, Layout>();
  readonly #zoneBegin: number;
  readonly #zoneEnd: number;
  readonly #logMessage: number;
  #pending: { seq: bigint; bytes: Uint8Array }[] = [];
  #scoped = false;
  #full = false;
  /** Drops that the next block reports. */
  #owed = false;
  #hasBegun = false;
  #ended = false;
  /** The sink has refused a block of an earlier interval. */
  #refused = false;

  /** `words` is the room for one interval, in 32-bit words. Block 0, with the session's description, is made by `begin` or the first flush. */
  constructor(options: BlockWriterOptions, sink: Sink, words: number) {
    this.writer = new BlockWriter(options);
    this.#stage = new Stage(words);
    this.#last = words - RECORD_WORDS;
    this.#sink = sink;
    // Number 1 in every session: whoever ends it for a dead process has to know one kind's number.
    this.writer.dictionary.kind(dropRecords);
    this.#main = { lane: this.writer.dictionary.lane(ownLane()), trace: undefined, task: 0 };
    this.#zoneBegin = this.writer.dictionary.kind(zoneBegin);
    this.#zoneEnd = this.writer.dictionary.kind(zoneEnd);
    this.#logMessage = this.writer.dictionary.kind(logMessage);
  }

  /** Writes block 0, empty, so that the session is known at once. */
  begin(): void {
    if (!this.#hasBegun) this.#write(false);
  }

  /** True once block 0 is made. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Records that no block has yet. */
  get staged(): number {
    return this.#stage.count;
  }

  /** The number of the last block made. */
  get lastSeq(): bigint {
    return this.writer.nextSeq - 1n;
  }

  /** True while the sink has not taken all blocks. */
  get isRefused(): boolean {
    return this.#pending.length > 0;
  }

  /** Lane and trace of the running code. */
  get flow(): Flow {
    return this.#scoped ? (this.#flows.getStore() ?? this.#main) : this.#main;
  }

  /** Runs `work` under another trace. */
  within<T>(trace: Trace, work: () => T): T {
    const { lane, task } = this.flow;
    this.#scoped = true;
    return this.#flows.run({ lane, trace, task }, work);
  }

  /** Makes a lane that `on` runs work as. */
  lane(name: string, kind: LaneKind): number {
    const parent = this.flow.lane;
    const lane = this.writer.dictionary.lane({ name, kind, parent });
    this.on(lane, () => this.record(threadStart, [parent]));
    return lane;
  }

  /** Runs `work`, and what it starts, as this lane. */
  on<T>(lane: number, work: () => T): T {
    const { trace, task } = this.flow;
    this.#scoped = true;
    return this.#flows.run({ lane, trace, task }, work);
  }

  /** Gives the running lane another name. */
  nameLane(name: string): void {
    const { dictionary } = this.writer;
    const { lane } = this.flow;
    if (dictionary.laneRow(lane) !== undefined) dictionary.renameLane(lane, name);
    this.record(threadName, [dictionary.string(name)]);
  }

  /** Runs `work` as a lane of its own. */
  async task<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const { lane: parent, trace } = this.flow;
    this.#scoped = true;
    const lane = this.writer.dictionary.lane({ name, kind: "task", parent });
    return this.#flows.run({ lane, trace, task: this.#taskOf(name) }, async () => {
      this.record(threadStart, [parent]);
      try {
        return await work();
      } finally {
        this.record(threadExit, []);
      }
    });
  }

  #taskOf(name: string): number {
    const known = this.#tasks.get(name);
    if (known !== undefined) return known;
    const made = this.#tasks.size + 1;
    if (made >= TASK_NAMES) return 0;
    this.#tasks.set(name, made);
    return made;
  }

  /** `flow` is the running one; who has just asked for it need not ask again. `id`: the zone's, 0 for one that nests. */
  zoneBegin(name: number, site: number, { lane, trace }: Flow = this.flow, id = 0): void {
    if (trace !== undefined) {
      this.record(zoneBegin, [name, id === 0 ? undefined : id], site);
      return;
    }
    tick();
    const stage = this.#stage;
    const at = stage.used;
    if (this.#full || at > this.#last) {
      this.#drop(lane);
      return;
    }
    const { words } = stage;
    words[at + 1] = lane;
    words[at + 2] = halves[0]!;
    words[at + 3] = halves[1]!;
    words[at + 4] = site;
    words[at + 6] = name;
    let used = 7;
    if (id === 0) words[at + 5] = 1;
    else {
      words[at + 5] = 3;
      words[at + 7] = id;
      words[at + 8] = id / TWO_32;
      used = 9;
    }
    words[at] = this.#zoneBegin | (used << 16) | ((FLAG.site | FLAG.absent) << 24);
    stage.used = at + used;
    stage.count++;
  }

  zoneEnd(failed: boolean, { lane, trace }: Flow = this.flow, id = 0): void {
    if (failed || trace !== undefined) {
      this.record(zoneEnd, [id === 0 ? undefined : id, undefined, failed ? true : undefined]);
      return;
    }
    tick();
    const stage = this.#stage;
    const at = stage.used;
    if (this.#full || at > this.#last) {
      this.#drop(lane);
      return;
    }
    const { words } = stage;
    words[at + 1] = lane;
    words[at + 2] = halves[0]!;
    words[at + 3] = halves[1]!;
    let used = 5;
    if (id === 0) words[at + 4] = 0;
    else {
      words[at + 4] = 1;
      words[at + 5] = id;
      words[at + 6] = id / TWO_32;
      used = 7;
    }
    words[at] = this.#zoneEnd | (used << 16) | (FLAG.absent << 24);
    stage.used = at + used;
    stage.count++;
  }

  /** Takes a message; the arguments may be changed afterwards, but not what they refer to. */
  message(level: number, channel: number, args: readonly Scalar[], site: number): void {
    const { lane, trace } = this.flow;
    if (trace !== undefined || channel === 0 || site === 0) {
      this.record(logMessage, [level, channel, args], site);
      return;
    }
    tick();
    const stage = this.#stage;
    const at = stage.used;
    if (this.#full || at > this.#last) {
      this.#drop(lane);
      return;
    }
    const { words } = stage;
    words[at] = this.#logMessage | (8 << 16) | (FLAG.site << 24);
    words[at + 1] = lane;
    words[at + 2] = halves[0]!;
    words[at + 3] = halves[1]!;
    words[at + 4] = site;
    words[at + 5] = level;
    words[at + 6] = channel;
    words[at + 7] = stage.list(args);
    stage.used = at + 8;
    stage.count++;
  }

  /** Takes a record of any kind; values stand in the order of its fields. */
  record(kind: Kind, values: readonly FieldValue[], site = 0, under?: Trace, stack = 0): void {
    tick();
    const { lane, trace = under } = this.flow;
    if (this.#full || this.#stage.used > this.#last) {
      this.#drop(lane);
      return;
    }
    const layout = this.#layouts.get(kind) ?? this.#layout(kind);
    this.#stage.put(layout, lane, halves[0]!, halves[1]!, values, site, trace, stack);
  }

  /** Takes a record of any kind at a place. */
  recordAt(kind: Kind, values: readonly FieldValue[], { site, stack }: Place): void {
    this.record(kind, values, site, undefined, stack);
  }

  /** Takes a record that has only its first two fields, of one word each, and no second below 0: no list of values is made. */
  recordBrief(kind: Kind, first: number, second: number, place: Place): void {
    const { lane, trace } = this.flow;
    if (trace !== undefined) {
      this.recordAt(kind, second < 0 ? [first] : [first, second], place);
      return;
    }
    tick();
    if (this.#full || this.#stage.used > this.#last) {
      this.#drop(lane);
      return;
    }
    const layout = this.#layouts.get(kind) ?? this.#layout(kind);
    this.#stage.putBrief(layout, lane, halves[0]!, halves[1]!, first, second, place.site, place.stack);
  }

  /**
   * Writes what is staged. While the sink refuses blocks, they and the stage
   * stay in memory; what the stage cannot take is counted, and reported once
   * the sink takes blocks again.
   */
  flush(): void {
    if (!this.#ended && (this.#stage.count > 0 || this.#full || this.#owed || this.#pending.length > 0))
      this.#write(false);
  }

  /** Writes what is staged and the end mark; nothing is taken afterwards. */
  end(exit: string): void {
    if (this.#ended) return;
    // What was lost stands behind the records that were kept, so the block after theirs tells it.
    if (this.#full) this.#write(true);
    this.#write(true, exit);
    this.#ended = true;
    this.#full = true;
  }

  /** Takes and writes nothing any more: what is staged cannot be encoded. */
  giveUp(): void {
    this.#ended = true;
    this.#full = true;
  }

  /** `last`: nothing is tried again, so a block that the sink refuses holds up no other. `exit` makes the end mark. */
  #write(last: boolean, exit?: string): void {
    this.#hasBegun = true;
    this.#append(last);
    if (this.#pending.length > 0) {
      this.#refused = true;
      if (!last) return;
    }
    mend(this.#stage.texts);
    const blocks = this.writer.write(this.#stage, exit === undefined ? undefined : { cause: 0, uncertainMs: 0, exit });
    this.#stage.clear();
    this.#owed = this.#lost.size > 0;
    const cause = this.#refused ? "spool-full" : "ring-full";
    for (const [lane, { count, from, until }] of this.#lost) this.writer.drop(lane, count, from, until, cause);
    this.#lost.clear();
    this.#full = false;
    this.#refused = false;
    this.#pending.push(...blocks);
    this.#append(last);
  }

  #append(last: boolean): void {
    try {
      while (this.#pending.length > 0) {
        const { seq, bytes } = this.#pending[0]!;
        this.#sink.append(seq, bytes, last);
        this.#pending.shift();
      }
    } catch {
      // A refusing disk must not stop the program: what waits is tried again at the next flush.
    }
  }

  #layout(kind: Kind): Layout {
    const made = new Layout(this.writer.dictionary.kind(kind), kind);
    this.#layouts.set(kind, made);
    return made;
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

/** Programs without types give anything where a text belongs. */
function mend(texts: unknown[]): void {
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index];
    if (typeof text === "string" || text instanceof Uint8Array) continue;
    texts[index] = shown(text);
  }
}

/** The lane of this thread's own code. */
function ownLane(): LaneInfo {
  if (isMainThread) return { name: "main", kind: "thread" };
  return { name: `worker-${threadId}`, kind: "worker", thread: threadId };
}
