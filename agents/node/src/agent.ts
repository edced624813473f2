import { homedir } from "node:os";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import type { FieldValue, ObjectInfo } from "@wayward/block";
import { Spool } from "@wayward/collector";
import {
  counterValue,
  dbQuery,
  ioClose,
  ioFsync,
  ioOpen,
  ioRead,
  ioWrite,
  jobEnqueue,
  jobFinish,
  jobProgress,
  jobRetry,
  jobStart,
  type Kind,
  LOCK_MODES,
  type LockMode,
  lockAcquired,
  lockReleased,
  lockWait,
  memoryAlloc,
  memoryFree,
  newSessionId,
  noteText,
  parseSessionText,
  type SessionId,
  sessionText,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import { Channel } from "./channel.ts";
import { describeSession, runId } from "./description.ts";
import { Mutex, RwLock, Semaphore } from "./locks.ts";
import { Recorder } from "./recorder.ts";
import { formatTraceparent, parseTraceparent, type Trace } from "./trace.ts";

/** How an agent is started; what is left out comes from the environment. */
export interface AgentOptions {
  /** Folder of the spool. WAYWARD_SPOOL. */
  readonly spool?: string;
  /** WAYWARD_NAME. Default: `node`. */
  readonly name?: string;
  /** WAYWARD_LABELS, as `key=value,key=value`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Longest wait in memory, in milliseconds. Default 50. */
  readonly flushMs?: number;
  /** Room for one interval, in 32-bit words. Default 1 Mi. */
  readonly words?: number;
}

/** A zone that has begun. */
export interface OpenZone {
  /** `status` is a number of the program's own, such as an HTTP status. */
  end(status?: number, failed?: boolean): void;
}

/** Records what this process does. */
export class Agent {
  readonly session: SessionId;
  readonly log: Channel;
  readonly #recorder: Recorder;
  readonly #channels = new Map<string, Channel>();
  readonly #zones = new Map<string, { readonly name: number; readonly site: number }>();
  #lastZone = 0n;
  readonly #timer: NodeJS.Timeout;

  constructor(options: AgentOptions, env: NodeJS.ProcessEnv) {
    const flushMs = options.flushMs ?? 50;
    const run = runId(env.WAYWARD_RUN);
    const parsed = parseSessionText(env.WAYWARD_PARENT ?? "");
    const parent = parsed.error === undefined ? parsed.value : new Uint8Array(0);
    const name = options.name ?? env.WAYWARD_NAME ?? "node";
    const labels = options.labels ?? parseLabels(env.WAYWARD_LABELS ?? "");
    this.session = newSessionId(Date.now());
    const description = describeSession({ name, labels, run, parent: Buffer.from(parent), flushMs });
    const root = options.spool ?? env.WAYWARD_SPOOL ?? defaultSpool(env);
    const serialised = api.SessionDescription.encode(description).finish();
    const spool = new Spool({ root, session: this.session, description: serialised });
    this.#recorder = new Recorder({ session: this.session, description }, spool, options.words ?? 1 << 20);
    // Children are sessions of the same run below this one.
    env.WAYWARD_RUN = run.toString("hex");
    env.WAYWARD_PARENT = sessionText(this.session);
    this.log = this.channel("main");
    this.#timer = setInterval(() => this.flush(), flushMs).unref();
  }

  /** The channel of that name, made with its parents at first use. */
  channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const dot = name.lastIndexOf(".");
    const made = new Channel(this.#recorder, name, dot > 0 ? this.channel(name.slice(0, dot)) : undefined);
    this.#channels.set(name, made);
    return made;
  }

  /** Begins a zone; `using` or `[Symbol.dispose]()` ends it. */
  zone(name: string): Disposable;
  /** Runs synchronous `work` in a zone; a throw marks it failed. */
  zone<T>(name: string, work: () => T): T;
  zone<T>(name: string, work?: () => T): T | Disposable {
    let zone = this.#zones.get(name);
    if (zone === undefined) {
      const { dictionary } = this.#recorder.writer;
      zone = { name: dictionary.string(name), site: dictionary.site({ text: name }) };
      this.#zones.set(name, zone);
    }
    this.#recorder.zoneBegin(zone.name, zone.site);
    if (work === undefined)
      return { [Symbol.dispose ?? Symbol.for("nodejs.dispose")]: () => this.#recorder.zoneEnd(false) } as Disposable;
    return this.#ending(work);
  }

  /** Runs asynchronous `work` in a zone that may overlap others of its lane; a rejection marks it failed. */
  async zoneAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    const id = ++this.#lastZone;
    this.#recorder.record(zoneBegin, [this.#recorder.writer.dictionary.string(name), id]);
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      this.#recorder.record(zoneEnd, [id, undefined, failed]);
    }
  }

  /** Begins a zone that may end at any time, in any order and anywhere; under `trace` where it belongs to one. */
  openZone(name: string, trace?: Trace): OpenZone {
    const id = ++this.#lastZone;
    this.#recorder.record(zoneBegin, [this.#recorder.writer.dictionary.string(name), id], 0, trace);
    return {
      end: (status, failed = false) =>
        this.#recorder.record(zoneEnd, [id, status, failed ? true : undefined], 0, trace),
    };
  }

  /** Runs `work` as a lane of its own. */
  task<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    return this.#recorder.task(name, work);
  }

  /** Records of a lock that somebody else implements. */
  lock(name: string, object: Partial<ObjectInfo> = {}) {
    const lock = this.#object({ type: "mutex", class: name, ...object });
    const record =
      (kind: Kind) =>
      (mode: LockMode = "exclusive") =>
        this.#recorder.record(kind, [lock, LOCK_MODES.indexOf(mode)]);
    return { wait: record(lockWait), acquired: record(lockAcquired), released: record(lockReleased) };
  }

  /** A lock for asynchronous code, recorded. */
  mutex(name: string, object: Partial<ObjectInfo> = {}): Mutex {
    return new Mutex(this.#recorder, this.#object({ type: "mutex", class: name, ...object }));
  }

  /** A lock of one writer or many readers for asynchronous code, recorded. */
  rwlock(name: string, object: Partial<ObjectInfo> = {}): RwLock {
    return new RwLock(this.#recorder, this.#object({ type: "rwlock", class: name, ...object }));
  }

  /** Room for so many at a time, recorded. */
  semaphore(name: string, permits: number, object: Partial<ObjectInfo> = {}): Semaphore {
    return new Semaphore(this.#recorder, this.#object({ type: "semaphore", class: name, ...object }), permits);
  }

  /** Allocations in a heap of the program's own; sizes in bytes. */
  memory(heap: string) {
    const object = this.#object({ type: "heap", class: heap });
    return {
      alloc: (address: bigint, size: number) => this.#recorder.record(memoryAlloc, [object, address, size]),
      free: (address: bigint) => this.#recorder.record(memoryFree, [object, address]),
    };
  }

  /** Work on a file; sizes in bytes, durations in nanoseconds. */
  io(file: string) {
    const object = this.#object({ type: "file", class: file });
    return {
      open: (duration: bigint, error?: string) => this.#recorder.record(ioOpen, [object, duration, error]),
      read: (bytes: number, duration: bigint, error?: string) =>
        this.#recorder.record(ioRead, [object, bytes, duration, error]),
      write: (bytes: number, duration: bigint, error?: string) =>
        this.#recorder.record(ioWrite, [object, bytes, duration, error]),
      fsync: (duration: bigint, error?: string) => this.#recorder.record(ioFsync, [object, duration, error]),
      close: (duration: bigint, error?: string) => this.#recorder.record(ioClose, [object, duration, error]),
    };
  }

  /** Jobs of a queue. */
  queue(name: string) {
    const queue = this.#object({ type: "queue", class: name });
    const record = (kind: Kind, ...values: FieldValue[]) => this.#recorder.record(kind, [queue, ...values]);
    return {
      enqueue: (job: bigint, depth?: number) => record(jobEnqueue, job, depth),
      start: (job: bigint) => record(jobStart, job),
      progress: (job: bigint, done: number, total: number) => record(jobProgress, job, done, total),
      retry: (job: bigint, attempt: number, cause?: string) => record(jobRetry, job, attempt, cause),
      finish: (job: bigint, outcome: "ok" | "failed" | "cancelled" = "ok") =>
        record(jobFinish, job, ["ok", "failed", "cancelled"].indexOf(outcome)),
    };
  }

  /** One database statement that took `duration` ns; the template, without values. */
  db(statement: string, duration: bigint, rows?: number): void {
    const { dictionary } = this.#recorder.writer;
    this.#recorder.record(dbQuery, [dictionary.string(statement), duration, undefined, undefined, rows]);
  }

  counter(name: string, value: number): void {
    this.#recorder.record(counterValue, [this.#recorder.writer.dictionary.string(name), value]);
  }

  note(text: string): void {
    this.#recorder.record(noteText, [text]);
  }

  /** Records of a kind, built-in or of the program. References to strings and labels of enums are given as text, others by number. */
  kind(kind: Kind) {
    const { dictionary } = this.#recorder.writer;
    const record = (values: Readonly<Record<string, FieldValue>>) =>
      this.#recorder.record(
        kind,
        kind.fields.map(({ name, type, table, labels }) => {
          const value = values[name];
          if (typeof value !== "string") return value;
          if (type === "enum") return (labels ?? []).indexOf(value);
          return type === "ref" && table === "string" ? dictionary.string(value) : value;
        }),
      );
    return { record };
  }

  /** Runs `work` under the trace of a header; without one that can be read, plainly. */
  within<T>(traceparent: string, work: () => T): T {
    const trace = parseTraceparent(traceparent);
    return trace === undefined ? work() : this.#recorder.within(trace, work);
  }

  /** The header of the current trace; undefined outside one. */
  traceparent(): string | undefined {
    const { trace } = this.#recorder.flow;
    return trace === undefined ? undefined : formatTraceparent(trace);
  }

  /** Writes what is staged, synchronously. */
  flush(): void {
    this.#recorder.flush();
  }

  /** Writes the rest with the end mark. `exit` is the exit code or signal. */
  stop(exit = ""): void {
    clearInterval(this.#timer);
    this.#recorder.end(exit);
  }

  #object(object: ObjectInfo): number {
    return this.#recorder.writer.dictionary.object(object);
  }

  #ending<T>(work: () => T): T {
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.#recorder.zoneEnd(true);
      throw error;
    }
    this.#recorder.zoneEnd(false);
    return result;
  }
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.split(",").filter((pair) => pair.includes("="));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function defaultSpool(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "wayward", "spool");
}
