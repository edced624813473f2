import type { LaneKind, ObjectInfo } from "@wayward/block";
import { counterValue, type Kind, noteText, processExit, type SessionId, zoneBegin, zoneEnd } from "@wayward/record";
import { barrierRecords, conditionRecords, contextRecords, fileRecords, heapRecords, queueRecords } from "./bare.ts";
import { type OwnLane, ownLane, pauseRecords } from "./bare-lane.ts";
import { lockRecords } from "./bare-lock.ts";
import { ticketRecords } from "./bare-ticket.ts";
import type { Called } from "./call-stack.ts";
import { answerCall, waitForCall } from "./calls.ts";
import type { Channel } from "./channel.ts";
import type { Channels } from "./channels.ts";
import type { Control } from "./control.ts";
import { delivered } from "./delivered.ts";
import { ending } from "./ending.ts";
import { kindRecords } from "./kind-records.ts";
import type { LockClasses } from "./lock-classes.ts";
import { Mutex, RwLock, Semaphore } from "./locks.ts";
import type { Outside } from "./outside.ts";
import type { Pushing } from "./push/pushing.ts";
import type { Recorder } from "./recorder.ts";
import type { Settings } from "./settings.ts";
import type { Sites } from "./sites.ts";
import { type DbFacts, recordStatement } from "./statement.ts";
import { tell } from "./tell.ts";
import { textOf } from "./text.ts";
import { formatTraceparent, parseTraceparent, type Trace } from "./trace.ts";
import { Upkeep } from "./upkeep.ts";
import type { Writing } from "./writing.ts";

/** What an agent is made of. */
export interface AgentParts {
  readonly settings: Settings;
  readonly recorder: Recorder;
  readonly sites: Sites;
  readonly channels: Channels;
  readonly lockClasses: LockClasses;
  /** Where blocks go; an agent without it records nothing. */
  readonly writing: Writing | undefined;
  readonly control: Control | undefined;
  /** Where `wayward run` has started it, and not the program. */
  readonly outside: Outside | undefined;
  /** This process's own pusher, if it has one. */
  readonly pushing: Pushing | undefined;
}

const UPKEEP_EVERY_MS = 1_000;
/** How often it is looked whether the server wants something else; costs one stat of a file. */
const CONTROL_EVERY_MS = 50;

/** A zone that has begun. */
export interface OpenZone {
  /** `status` is a number of the program's own, such as an HTTP status. */
  end(status?: number, failed?: boolean): void;
}

/** Records what this process does. */
export class Agent {
  readonly log: Channel;
  /** What the running lane has done that takes time, while it may hold locks; told at its end, in nanoseconds. */
  readonly pause: ReturnType<typeof pauseRecords>;
  readonly #parts: AgentParts;
  readonly #recorder: Recorder;
  readonly #sites: Sites;
  readonly #zones = new Map<string, { readonly name: number; readonly site: number }>();
  readonly #lockClasses: LockClasses;
  readonly #timers: readonly NodeJS.Timeout[] = [];
  #upkeep: Upkeep | undefined;
  #lastZone = 0;
  #ended: boolean;

  /** Programs call `start`. */
  constructor(parts: AgentParts) {
    const { settings, recorder, sites, lockClasses, writing, outside } = parts;
    this.#parts = parts;
    this.#recorder = recorder;
    this.#sites = sites;
    this.#lockClasses = lockClasses;
    this.#ended = writing === undefined;
    this.log = this.channel("main");
    this.pause = pauseRecords(recorder);
    for (const { channel, level } of settings.levels) this.channel(channel).level = level;
    if (writing === undefined) return;
    this.#upkeep = new Upkeep(recorder, writing.opened.spool);
    this.#timers = [
      setInterval(() => outside?.holdsBack || this.flush(), settings.flushMs).unref(),
      setInterval(() => this.#guard(() => this.#keepUp(writing)), UPKEEP_EVERY_MS).unref(),
      setInterval(() => this.#guard(() => this.#follow()), CONTROL_EVERY_MS).unref(),
    ];
    this.#follow();
  }

  /** The session that is written now: another one continues it where a process that slept for long has lost it. */
  get session(): SessionId {
    return this.#recorder.writer.session;
  }

  /** False if it could not be started or was stopped: then every call does nothing. */
  get recording(): boolean {
    return !this.#ended;
  }

  /** The channel of that name, made with its parents at first use. */
  channel(name: string): Channel {
    return this.#parts.channels.of(name);
  }

  /** Begins a zone; `using` or `[Symbol.dispose]()` ends it. */
  zone(name: string): Disposable;
  /** Runs synchronous `work` in a zone; a throw marks it failed. */
  zone<T>(name: string, work: () => T): T;
  zone<T>(name: string, work?: () => T): T | Disposable {
    const zone = this.#zones.get(name) ?? this.#zoneNamed(name, this.zone);
    const { flow } = this.#recorder;
    this.#recorder.zoneBegin(zone.name, zone.site, flow);
    if (work === undefined)
      return { [Symbol.dispose ?? Symbol.for("nodejs.dispose")]: () => this.#recorder.zoneEnd(false) } as Disposable;
    return ending(this.#recorder, work, flow);
  }

  /** Runs asynchronous `work` in a zone that may overlap others of its lane; a rejection marks it failed. */
  async zoneAsync<T>(name: string, work: () => Promise<T>): Promise<T> {
    const id = ++this.#lastZone;
    const zone = this.#zones.get(name) ?? this.#zoneNamed(name, this.zoneAsync);
    const { flow } = this.#recorder;
    this.#recorder.zoneBegin(zone.name, zone.site, flow, id);
    let failed = true;
    try {
      const result = await work();
      failed = false;
      return result;
    } finally {
      this.#recorder.zoneEnd(failed, flow, id);
    }
  }

  /** Begins a zone that may end at any time, in any order and anywhere; under `trace` where it belongs to one. `text` says more than the name. */
  openZone(name: string, trace?: Trace, text?: string): OpenZone {
    const id = ++this.#lastZone;
    const zone = this.#zones.get(name) ?? this.#zoneNamed(name, this.openZone);
    this.#recorder.record(zoneBegin, [zone.name, id, text], zone.site, trace);
    return {
      end: (status, failed = false) =>
        this.#recorder.record(zoneEnd, [id, status, failed ? true : undefined], 0, trace),
    };
  }

  /** Runs `work` as a lane of its own. */
  task<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    return this.#recorder.task(textOf(name), work);
  }

  /** Names the running lane: the thread's own, or the task's. */
  thread(name: string): void {
    this.#recorder.nameLane(textOf(name));
  }

  /** A lane that the program itself switches to and from. */
  lane(name: string, kind: LaneKind = "fibre"): OwnLane {
    return ownLane(this.#recorder, textOf(name), kind);
  }

  /** Says that the whole process ends, and every lane with it. */
  processExit(code?: number): void {
    this.#recorder.record(processExit, [code]);
  }

  /** Records of a lock that somebody else implements. */
  lock(name: string, object: Partial<ObjectInfo> = {}) {
    const info = { type: "mutex", class: name, ...object };
    const number = this.#object(info);
    const lockClass = this.#lockClasses.of(textOf(info.class));
    return lockRecords(this.#recorder, number, lockClass, this.#sites.ofLock(number));
  }

  /** Records of a wound/wait ticket by its number, for locks of one class. */
  ticket(number: number | bigint, lockClass: string) {
    return ticketRecords(this.#recorder, number, textOf(lockClass));
  }

  /** Records of a condition variable that somebody else implements. */
  condition(name: string, object: Partial<ObjectInfo> = {}) {
    return conditionRecords(this.#recorder, this.#object({ type: "condition", class: name, ...object }));
  }

  /** Records of a barrier that somebody else implements. */
  barrier(name: string, object: Partial<ObjectInfo> = {}) {
    return barrierRecords(this.#recorder, this.#object({ type: "barrier", class: name, ...object }));
  }

  /** Records of what interrupts a lane and runs on it, such as a signal handler. */
  context(name: string) {
    return contextRecords(this.#recorder, textOf(name));
  }

  /** A lock for asynchronous code, recorded. */
  mutex(name: string, object: Partial<ObjectInfo> = {}): Mutex {
    return new Mutex(this.#lockParts({ type: "mutex", class: name, ...object }, this.mutex));
  }

  /** A lock of one writer or many readers for asynchronous code, recorded. */
  rwlock(name: string, object: Partial<ObjectInfo> = {}): RwLock {
    return new RwLock(this.#lockParts({ type: "rwlock", class: name, ...object }, this.rwlock));
  }

  /** Room for so many at a time, recorded. */
  semaphore(name: string, permits: number, object: Partial<ObjectInfo> = {}): Semaphore {
    return new Semaphore(this.#lockParts({ type: "semaphore", class: name, ...object }, this.semaphore), permits);
  }

  /** Allocations in a heap of the program's own; sizes in bytes. */
  memory(heap: string) {
    return heapRecords(this.#recorder, this.#object({ type: "heap", class: heap }));
  }

  /** Work on a file; sizes in bytes, durations in nanoseconds. */
  io(file: string) {
    return fileRecords(this.#recorder, this.#object({ type: "file", class: file }));
  }

  /** Jobs of a queue. */
  queue(name: string) {
    return queueRecords(this.#recorder, this.#object({ type: "queue", class: name }));
  }

  /** One database statement that took `duration` ns; the template, without values. */
  db(statement: string, duration: bigint, rows?: number, more: DbFacts = {}): void {
    recordStatement(this.#recorder, this.#string(statement), duration, rows, more);
  }

  /** A named value at this time. */
  counter(name: string, value: number): void {
    this.#recorder.record(counterValue, [this.#string(name), value]);
  }

  /** A remark of the program's or of a person's. */
  note(text: string): void {
    this.#recorder.record(noteText, [textOf(text)]);
  }

  /** Records of a kind, built-in or of the program. References to strings and labels of enums are given as text, others by number. */
  kind(kind: Kind) {
    return kindRecords(this.#recorder, kind);
  }

  /** Runs `work` under the trace of a header; without one that can be read, plainly. */
  within<T>(traceparent: string | undefined, work: () => T): T {
    const trace = parseTraceparent(traceparent);
    return trace === undefined ? work() : this.#recorder.within(trace, work);
  }

  /** Runs `work`, which waits for another process, with the `traceparent` to send there, whose span is this call's alone. */
  call<T>(name: string, work: (traceparent: string) => T | Promise<T>): Promise<T> {
    const { site } = this.#zones.get(name) ?? this.#zoneNamed(name, this.call);
    return this.zoneAsync(name, () => waitForCall(this.#recorder, site, work));
  }

  /** Runs `work` as a lane of its own that answers the call, or does the job, of that header; its caller waits for it. */
  answer<T>(traceparent: string | undefined, name: string, work: () => T | Promise<T>): Promise<T> {
    return answerCall(this.#recorder, traceparent, textOf(name), work);
  }

  /** The header of the current trace; undefined outside one. */
  traceparent(): string | undefined {
    const { trace } = this.#recorder.flow;
    return trace === undefined ? undefined : formatTraceparent(trace);
  }

  /** Writes what is staged to the spool, synchronously. */
  flush(): void {
    // What is staged belongs into the session that continues a lost one.
    if (!this.#parts.writing?.opened.spool.takenOver()) this.#guard(() => this.#recorder.flush());
  }

  /**
   * Resolves when a server has accepted everything recorded so far, whoever
   * pushes it. Rejects with UNAVAILABLE / NOT_DELIVERED after `withinMs`,
   * DATA_LOSS / REFUSED where a server refused some of it for ever, and
   * FAILED_PRECONDITION / NOT_RECORDING where nothing is recorded.
   */
  async delivered(withinMs = 30_000): Promise<void> {
    this.#guard(() => this.#goOn());
    this.flush();
    await delivered(this.#recorder, this.#parts.writing?.opened.spool, withinMs);
  }

  /**
   * Writes the rest with the end mark; records nothing afterwards. `exit` is
   * the exit code or signal. Under `wayward run`, which records until the
   * process ends, it only flushes.
   */
  stop(exit = ""): void {
    if (this.#parts.outside === undefined) this.#end(exit);
    else this.flush();
  }

  /** Stops, then waits for the server as long as was allowed, blocking this thread: for the end of a process only. */
  finish(exit: string): void {
    this.#end(exit);
    const { writing, pushing, settings } = this.#parts;
    if (writing !== undefined) pushing?.finish(writing.opened.spool, this.#recorder.lastSeq, settings.exitMs);
  }

  #end(exit: string): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#guard(() => {
      this.#goOn();
      this.#upkeep?.tellLosses();
      this.#recorder.end(exit);
    });
    this.#parts.writing?.opened.spool.close();
  }

  /** A fault of ours, or a value that no kind allows, must not end the program. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      tell(`records cannot be written: ${error instanceof Error ? error.message : error}; nothing more is recorded`);
      this.#ended = true;
      for (const timer of this.#timers) clearInterval(timer);
      this.#recorder.giveUp();
      this.#parts.writing?.opened.spool.close();
    }
  }

  /** A process that slept for long may have lost its session to another. */
  #goOn(): void {
    const { writing } = this.#parts;
    if (writing?.goOn(this.#recorder)) this.#upkeep = new Upkeep(this.#recorder, writing.opened.spool);
  }

  #keepUp(writing: Writing): void {
    this.#goOn();
    const { spool } = writing.opened;
    if (spool.takenOver()) return;
    if (spool.lost !== undefined) {
      tell(`${spool.lost.message}; nothing more is recorded`);
      this.#end("");
      return;
    }
    this.#upkeep?.placeClock();
    this.#upkeep?.tellLosses();
  }

  /** Who has switched something waits to hear of it. */
  #follow(): void {
    if (this.#parts.control?.look() && this.#recorder.hasBegun) this.#recorder.flush();
  }

  #zoneNamed(name: string, called: Called): { readonly name: number; readonly site: number } {
    const zone = { name: this.#string(name), site: this.#sites.named(name, called) };
    this.#zones.set(name, zone);
    return zone;
  }

  #lockParts(object: ObjectInfo, called: Called) {
    const site = this.#sites.of(called);
    const lockClass = this.#lockClasses.of(textOf(object.class));
    const number = this.#object(object);
    return { recorder: this.#recorder, object: number, lockClass, places: this.#sites.ofLock(number), site };
  }

  #object(object: ObjectInfo): number {
    const { type, instance = "", shared = "" } = object;
    const texts = {
      type: textOf(type),
      class: textOf(object.class),
      instance: textOf(instance),
      shared: textOf(shared),
    };
    return this.#recorder.writer.dictionary.object({ ...object, ...texts });
  }

  #string(text: string): number {
    return this.#recorder.writer.dictionary.string(textOf(text));
  }
}
