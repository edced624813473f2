import { block as api } from "@wayward/api";
import { BlockWriter, type FieldValue, type ObjectInfo, Stage, type WrittenBlock } from "@wayward/block";
import * as kinds from "@wayward/record";
import type { Op, OpName, Scenario } from "./scenario.ts";
import { typesOf } from "./types.ts";

/** One record after another, in nanoseconds: the least that tells their order. */
const STEP_NS = 1n;

/** A scenario as the blocks of a session, and which op each record comes from. */
export interface Recorded {
  readonly description: api.SessionDescription;
  readonly blocks: readonly WrittenBlock[];
  /** By lane number and event number, `lane/eventNo`. */
  readonly opOf: ReadonlyMap<string, number>;
}

export function recordScenario(scenario: Scenario): Recorded {
  const recorder = new ScenarioRecorder(scenario);
  return recorder.record();
}

class ScenarioRecorder {
  readonly #scenario: Scenario;
  readonly #description: api.SessionDescription;
  readonly #writer: BlockWriter;
  readonly #stage = new Stage();
  readonly #lanes = new Map<string, number>();
  readonly #nextEventNo = new Map<number, number>();
  readonly #objects = new Map<string, number>();
  readonly #types: ReadonlyMap<string, string>;
  readonly #tickets = new Map<string, number>();
  readonly #opOf = new Map<string, number>();
  /** Lanes whose wait times out, and the condition. */
  readonly #timingOut = new Map<string, string>();
  /** The op that the records at hand come from; undefined for what stands before all of them. */
  #op: number | undefined;
  #time = 1n;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#types = typesOf(scenario);
    for (const { op, subject, options } of scenario.ops) {
      for (const ticket of [op.startsWith("ww-") ? subject : undefined, options.ww]) {
        if (ticket !== undefined && !this.#tickets.has(ticket)) this.#tickets.set(ticket, this.#tickets.size + 1);
      }
    }
    this.#description = api.SessionDescription.fromPartial({ name: scenario.name, start: 0n });
    this.#writer = new BlockWriter({
      session: kinds.newSessionId(0, new Uint8Array(10)),
      description: this.#description,
      pack: false,
    });
  }

  record(): Recorded {
    const { ops } = this.#scenario;
    this.#declareContexts();
    for (const [index, op] of ops.entries()) {
      this.#endTimedOut(op.lane);
      this.#op = index;
      this.#one(op);
    }
    this.#op = undefined;
    for (const lane of [...this.#timingOut.keys()]) this.#endTimedOut(lane);
    const end = { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" };
    const blocks = this.#writer.write(this.#stage, end);
    return { description: this.#description, blocks, opOf: this.#opOf };
  }

  /** Every context is known before the first op: locks are held with it enabled from then on. */
  #declareContexts(): void {
    const { contexts, ops } = this.#scenario;
    const named = ops.filter(({ op }) => CONTEXT_OPS.has(op)).map(({ subject }) => subject ?? "");
    const masking = [...contexts.values()].flatMap(({ maskedBy = [] }) => maskedBy);
    for (const name of new Set([...contexts.keys(), ...masking, ...named])) {
      const inside = kinds.WAITS.indexOf((contexts.get(name)?.waitsInside ?? "") as kinds.Waits);
      this.#add("(declarations)", kinds.contextDeclared, [this.#string(name), inside]);
    }
    for (const [name, { maskedBy = [] }] of contexts) {
      for (const by of maskedBy) {
        this.#add("(declarations)", kinds.contextMaskedBy, [this.#string(name), this.#string(by)]);
      }
    }
  }

  #one({ lane, op, subject = "", options }: Op): void {
    const add = (kind: kinds.Kind, ...values: FieldValue[]) => this.#add(lane, kind, values);
    const object = () => this.#object(subject);
    const mode = kinds.LOCK_MODES.indexOf((options.mode ?? "exclusive") as kinds.LockMode);
    const known = options.mode === undefined ? undefined : mode;
    switch (op) {
      case "create":
        add(kinds.lockCreated, object());
        break;
      case "destroy":
        add(kinds.lockDestroyed, object());
        break;
      case "acquire":
      case "try":
        if (this.#types.get(subject) === "semaphore") this.#semaphore(lane, subject, options);
        else this.#acquire(lane, op, subject, mode, options);
        break;
      case "release":
        add(kinds.lockReleased, object(), known, options.plain);
        break;
      case "upgrade":
        add(kinds.lockUpgraded, object());
        break;
      case "downgrade":
        add(kinds.lockDowngraded, object());
        break;
      case "assert-held":
        add(kinds.lockAsserted, object(), known, options.not);
        break;
      case "pin":
        add(kinds.lockPinned, object());
        break;
      case "unpin":
        add(kinds.lockUnpinned, object());
        break;
      case "context-enter":
      case "context-exit":
      case "mask":
      case "unmask":
        add(CONTEXT_KINDS[op], this.#string(subject));
        break;
      case "wait":
        if (options.result === "timeout") this.#timingOut.set(lane, subject);
        add(kinds.conditionWait, object(), options.with === undefined ? 0 : this.#object(options.with));
        break;
      case "signal":
        add(kinds.conditionSignal, object());
        break;
      case "broadcast":
        add(kinds.conditionBroadcast, object());
        break;
      case "post":
        add(kinds.semaphorePost, object());
        break;
      case "barrier-wait":
        add(kinds.barrierWait, object(), options.count);
        break;
      case "ww-begin":
        add(kinds.ticketBegin, this.#ticket(subject), this.#string(options.class ?? ""));
        break;
      case "ww-done":
        add(kinds.ticketDone, this.#ticket(subject));
        break;
      case "ww-end":
        add(kinds.ticketEnd, this.#ticket(subject));
        break;
      case "lane-start":
        // A lane that is at work is not started by this: its own records tell what it does.
        if (!this.#lanes.has(subject)) this.#add(subject, kinds.threadStart, [this.#lane(lane)]);
        break;
      case "lane-join":
        add(kinds.threadJoin, this.#lane(subject));
        break;
      case "lane-exit":
        add(kinds.threadExit);
        break;
      case "process-exit":
        add(kinds.processExit);
        break;
      case "await":
      case "io":
      case "sleep":
      case "call":
        this.#pause(lane, op, options.ms ?? 0);
        break;
    }
  }

  #acquire(lane: string, op: "acquire" | "try", subject: string, mode: number, options: Op["options"]): void {
    const { subclass, under, ww, slow, result = "ok" } = options;
    const object = this.#object(subject);
    const ticket = ww === undefined ? undefined : this.#ticket(ww);
    const isTicket = under !== undefined && this.#tickets.has(under) && !this.#scenario.locks.has(under);
    const nest = isTicket ? this.#ticket(under) : undefined;
    const nestLock = under === undefined || isTicket ? 0 : this.#object(under);
    if (op === "try") {
      if (result === "failed") this.#add(lane, kinds.lockTryFailed, [object, mode]);
      else this.#add(lane, kinds.lockAcquired, [object, mode, subclass, nestLock, ticket, true, nest, slow]);
    } else if (result === "ok") {
      this.#add(lane, kinds.lockAcquired, [object, mode, subclass, nestLock, ticket, undefined, nest, slow]);
    } else if (result === "pending") {
      this.#add(lane, kinds.lockWait, [object, mode, subclass, nestLock, ticket, nest, slow]);
    } else {
      const how = kinds.ACQUIRE_FAILURES.indexOf(result as (typeof kinds.ACQUIRE_FAILURES)[number]);
      this.#add(lane, kinds.lockTimedOut, [object, mode, how, subclass, nestLock, ticket, nest, slow]);
    }
  }

  #semaphore(lane: string, subject: string, { result = "ok" }: Op["options"]): void {
    const object = this.#object(subject);
    if (result === "ok") this.#add(lane, kinds.semaphoreAcquired, [object]);
    else if (result === "pending") this.#add(lane, kinds.semaphoreWait, [object]);
    else this.#add(lane, kinds.semaphoreTimedOut, [object]);
  }

  /** A pause is recorded at its end. */
  #pause(lane: string, op: "await" | "io" | "sleep" | "call", ms: number): void {
    const duration = BigInt(Math.round(ms * 1e6));
    this.#time += duration;
    this.#add(lane, PAUSE_KINDS[op], [duration]);
  }

  /** A wait that times out has ended by the lane's next op. */
  #endTimedOut(lane: string): void {
    const condition = this.#timingOut.get(lane);
    if (condition === undefined) return;
    this.#timingOut.delete(lane);
    this.#add(lane, kinds.conditionWoken, [this.#object(condition), 1]);
  }

  #add(lane: string, kind: kinds.Kind, values: readonly FieldValue[]): void {
    const number = this.#lane(lane);
    const eventNo = this.#nextEventNo.get(number) ?? 0;
    this.#nextEventNo.set(number, eventNo + 1);
    if (this.#op !== undefined) this.#opOf.set(`${number}/${eventNo}`, this.#op);
    this.#time += STEP_NS;
    this.#stage.add(this.#writer.dictionary.kind(kind), kind, { lane: number, time: this.#time }, values);
  }

  #lane(name: string): number {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const made = this.#writer.dictionary.lane({ name, kind: "thread" });
    this.#lanes.set(name, made);
    return made;
  }

  #object(name: string): number {
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const keys = this.#scenario.locks.get(name) ?? {};
    const info: ObjectInfo = {
      type: this.#types.get(name) ?? "mutex",
      class: keys.class ?? name,
      instance: keys.class === undefined ? "" : name,
      waits: (keys.waits ?? "") as kinds.Waits,
      waitsInside: (keys.waitsInside ?? "") as kinds.Waits,
      perLane: keys.perLane ?? false,
    };
    const made = this.#writer.dictionary.object(info, true);
    this.#objects.set(name, made);
    return made;
  }

  #ticket(name: string): number {
    return this.#tickets.get(name) ?? 0;
  }

  #string(text: string): number {
    return this.#writer.dictionary.string(text);
  }
}

const CONTEXT_KINDS = {
  "context-enter": kinds.contextEnter,
  "context-exit": kinds.contextExit,
  mask: kinds.contextMask,
  unmask: kinds.contextUnmask,
} as const;
const CONTEXT_OPS = new Set<OpName>(["context-enter", "context-exit", "mask", "unmask"]);
const PAUSE_KINDS = {
  await: kinds.pauseAwait,
  io: kinds.pauseIo,
  sleep: kinds.pauseSleep,
  call: kinds.pauseCall,
} as const;
