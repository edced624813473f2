import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import {
  BlockWriter,
  Dictionary,
  type FieldValue,
  type ObjectInfo,
  parseEnvelope,
  Stage,
  sections,
} from "@wayward/block";
import * as kinds from "@wayward/record";
import type { ReportedFinding } from "../../result.ts";
import { SessionAnalysis } from "../../session-analysis.ts";
import { combineResults } from "../combine.ts";

/** Monotonic and wall clock when a program starts, in nanoseconds. */
const CLOCK = 7_000_000_000n;
const WALL = 1_700_000_000_000_000_000n;

export interface ProgramFacts {
  readonly host?: string;
  readonly boot?: string;
  /** How wrong its wall clock is, in nanoseconds. */
  readonly skew?: bigint;
  /** Who recorded it; agents of Node run event loops on their threads. */
  readonly agent?: string;
}

const MODES: readonly string[] = kinds.LOCK_MODES;

/**
 * A program of the tests: its records become real blocks. Each record is 1 ms
 * after the one before, of whichever program that uses the same clock.
 */
export class Program {
  readonly session: kinds.SessionId;
  readonly name: string;
  readonly #clock: { ms: number };
  readonly #stage = new Stage();
  readonly #lanes = new Map<string, number>();
  readonly #writer: BlockWriter;
  readonly #blocks: Uint8Array[] = [];
  readonly #description: api.SessionDescription;

  constructor(name: string, clock: { ms: number }, facts: ProgramFacts = {}) {
    const { host = "one", boot = "b1", skew = 0n, agent = "" } = facts;
    this.name = name;
    this.#clock = clock;
    this.session = kinds.newSessionId(Number(WALL / 1_000_000n));
    this.#description = api.SessionDescription.fromPartial({
      name,
      host,
      bootId: boot,
      agent,
      start: CLOCK,
      anchor: { clock: CLOCK, wall: WALL + skew, uncertainty: 0n },
    });
    this.#writer = new BlockWriter({ session: this.session, description: this.#description, pack: false });
  }

  get text(): string {
    return kinds.sessionText(this.session);
  }

  /** A lock that others know by its name, unless told otherwise. */
  lock(name: string, info: Partial<ObjectInfo> = {}): number {
    return this.#writer.dictionary.object({ type: "mutex", class: name, scope: "cluster", shared: name, ...info });
  }

  take(lane: string, lock: number, mode = "exclusive"): void {
    this.#add(lane, kinds.lockAcquired, [lock, MODES.indexOf(mode)]);
  }

  wait(lane: string, lock: number, mode = "exclusive"): void {
    this.#add(lane, kinds.lockWait, [lock, MODES.indexOf(mode)]);
  }

  giveUp(lane: string, lock: number): void {
    this.#add(lane, kinds.lockTimedOut, [lock, 0, 0]);
  }

  release(lane: string, lock: number, mode = "exclusive"): void {
    this.#add(lane, kinds.lockReleased, [lock, MODES.indexOf(mode)]);
  }

  /** Takes both, one inside the other, and gives them back. */
  both(
    lane: string,
    [outer, inner]: readonly [number, number],
    modes: readonly [string, string] = ["exclusive", "exclusive"],
  ): void {
    this.take(lane, outer, modes[0]);
    this.take(lane, inner, modes[1]);
    this.release(lane, inner, modes[1]);
    this.release(lane, outer, modes[0]);
  }

  /** Has waited for a call that began so many ms ago. */
  called(lane: string, call: string, ms: number): void {
    this.#add(lane, kinds.pauseCall, [BigInt(ms) * 1_000_000n], call);
  }

  /** Does `work` to answer a call. */
  answers(lane: string, call: string, work: () => void): void {
    this.#add(lane, kinds.callBegin, [this.#writer.dictionary.string("call")], call);
    work();
    this.#add(lane, kinds.callEnd, [], call);
  }

  /** What was recorded so far becomes blocks; with `end` no more comes. */
  cut(end = false): void {
    const mark = { cause: api.EndCause.END_CAUSE_CLEAN_UNSPECIFIED, uncertainMs: 0, exit: "" };
    this.#blocks.push(...this.#writer.write(this.#stage, end ? mark : undefined).map(({ bytes }) => bytes));
    this.#stage.clear();
  }

  /** What the analyses say of it. */
  analysed() {
    this.cut();
    const dictionary = new Dictionary();
    const analysis = new SessionAnalysis({ session: this.text, description: this.#description }, dictionary);
    for (const bytes of this.#blocks) {
      const envelope = unwrap(parseEnvelope(bytes));
      dictionary.add(sections(envelope).dictionary);
      analysis.step(envelope);
    }
    return analysis.result();
  }

  #add(lane: string, kind: kinds.Kind, values: readonly FieldValue[], call?: string): void {
    this.#clock.ms++;
    const number = this.#lanes.get(lane) ?? this.#writer.dictionary.lane({ name: lane, kind: "thread" });
    this.#lanes.set(lane, number);
    const time = CLOCK + BigInt(this.#clock.ms) * 1_000_000n;
    const id = call === undefined ? undefined : Buffer.from(call, "hex");
    const link = id === undefined ? {} : { traceId: id.subarray(0, 16), spanId: id.subarray(16) };
    this.#stage.add(this.#writer.dictionary.kind(kind), kind, { lane: number, time, ...link }, values);
  }
}

/** Findings of these rules that all programs show together, and none of them alone. */
export function together(programs: readonly Program[], rule: string): ReportedFinding[] {
  const results = programs.map((program) => program.analysed());
  const alone = results.flatMap(({ findings }) => findings).filter((finding) => finding.rule === rule);
  const known = new Set(alone.map(({ fingerprint }) => fingerprint));
  return combineResults(results).findings.filter((one) => one.rule === rule && !known.has(one.fingerprint));
}
