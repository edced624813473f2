import type { block as api } from "@wayward/api";
import { Block, type Dictionary, type Envelope, ReusedBuffers } from "@wayward/block";
import { Batch } from "./batch.ts";
import { isSharing, type SharedView, sharedView } from "./cluster/shared.ts";
import { type Finding, fingerprintOf } from "./finding.ts";
import { leftOutOf } from "./locks/blocking.ts";
import { LockFold } from "./locks/fold.ts";
import { countEdges } from "./locks/order/count-edges.ts";
import { countedCycle } from "./locks/rules/inversion.ts";
import { lockTables } from "./locks/tables.ts";
import type { AnalysisResult, ReportedFinding } from "./result.ts";
import { RULES, type RuleId } from "./rules.ts";
import { ThreadFold } from "./threads/fold.ts";
import { threadTables } from "./threads/tables.ts";

/** Which session, as results name it. */
export interface SessionFacts {
  /** 26 characters. */
  readonly session: string;
  readonly description: api.SessionDescription | undefined;
  /** Records from then on do not count; nanoseconds since 1970, all count without it. */
  readonly until?: bigint | undefined;
  /** The session was there still at this time, nanoseconds since 1970: what waits at the end of its records waits until then. */
  readonly openAt?: bigint | undefined;
  /** Nothing tells what became of it after that: it fell silent, or its writer ended without a word. What waits then waits at least so long. */
  readonly isLost?: boolean;
  /** Count functions and lanes of each lock too, which takes longer. */
  readonly detail?: boolean;
  /** A wait that lasts so long is told; default 30,000 ms. */
  readonly longWaitMs?: number | undefined;
  /** Whether lanes are followed for their tables; default true. Findings need none of it. */
  readonly lanes?: boolean;
}

/** What blocks are decoded into: nothing of one is kept. */
const buffers = new ReusedBuffers();

/** All analyses of one session as one fold over its blocks, in order of seq. */
export class SessionAnalysis {
  readonly #facts: SessionFacts;
  readonly #dictionary: Dictionary;
  readonly #locks: LockFold;
  readonly #threads: ThreadFold | undefined;
  /** The session's start in nanoseconds of its clock. */
  readonly #start: bigint;
  /** Records from then on do not count, in nanoseconds since the start. */
  readonly #until: number;
  /** Aligned time of the session's start. */
  readonly #origin: bigint;
  #ended = false;

  /** `dictionary` holds what the session has defined; whoever feeds the blocks adds to it. */
  constructor(facts: SessionFacts, dictionary: Dictionary) {
    this.#facts = facts;
    this.#dictionary = dictionary;
    const { start = 0n, anchor } = facts.description ?? {};
    this.#origin = start + (anchor === undefined ? 0n : anchor.wall - anchor.clock);
    const { until, detail = false, longWaitMs, lanes = true } = facts;
    this.#start = start;
    this.#until = until === undefined ? Infinity : Number(until - this.#origin);
    const bounds = longWaitMs === undefined ? {} : { longWaitMs };
    this.#locks = new LockFold(dictionary, { detail, loops: runsLoops(facts.description), ...bounds });
    this.#threads = lanes ? new ThreadFold(dictionary) : undefined;
  }

  /** Changes with what the findings say. */
  get revision(): number {
    return this.#locks.session.reports;
  }

  /** Judges what lasts by the clock. `wall` is nanoseconds since 1970. */
  tick(wall: bigint): void {
    this.#locks.tick(Number(wall - this.#origin));
  }

  /** Throws a refusal if the block's columns are damaged. */
  step(envelope: Envelope): void {
    buffers.clear();
    const block = new Block(envelope, buffers);
    const batch = new Batch(block.columns, this.#dictionary, this.#start, this.#until);
    this.#locks.step(envelope.header.seq, batch, () => block.openSet);
    this.#threads?.step(envelope.header.seq, batch, () => block.openSet);
    // What came after the time that is looked at does not count, nor does its end.
    if (envelope.header.end === undefined || batch.isCut || this.#outlivesUntil()) return;
    this.#ended = true;
    this.#locks.finish(true);
  }

  /** Findings as they are now. Where one is a cycle, counting its orders looks at each chain that the session has. */
  findings(): ReportedFinding[] {
    const { session, findings } = this.#locks;
    if (findings.some(({ detail }) => detail.cycle !== undefined)) countEdges(session);
    return findings.map((finding) => this.#reported(finding, countedCycle(session, finding)));
  }

  result(): AnalysisResult {
    const now = this.#now();
    this.#locks.finish(this.#ended);
    this.#locks.tick(now);
    const { session: state } = this.#locks;
    const findings = this.findings();
    const { session } = this.#facts;
    const threads = this.#threads?.state;
    const tables = lockTables({ session, state, dictionary: this.#dictionary, now, isLost: this.#isLostAt(now) });
    if (threads !== undefined) tables.push(...threadTables(session, threads));
    const leftOut = Object.fromEntries([...state.leftOut, ...leftOutOf(state), ...(threads?.leftOut ?? [])]);
    return { findings, tables, leftOut, shared: this.shared() };
  }

  /** True if the session was there still when what is looked at ends: its end mark may be in a block without records. */
  #outlivesUntil(): boolean {
    const { openAt } = this.#facts;
    return openAt !== undefined && Number(openAt - this.#origin) >= this.#until;
  }

  /** Until when what waits has waited, in nanoseconds since the start: at least the last record's time. */
  #now(): number {
    const { openAt } = this.#facts;
    const last = this.#locks.session.now;
    if (openAt === undefined || this.#ended) return last;
    return Math.max(last, Math.min(Number(openAt - this.#origin), this.#until));
  }

  /** True if nobody knows what the session did after this time, and that it was there until then is all that was asked for. */
  #isLostAt(now: number): boolean {
    return this.#facts.isLost === true && now < this.#until;
  }

  /** What matters to other sessions now; its orders are counted for that. */
  shared(): SharedView | undefined {
    const dictionary = this.#dictionary;
    const { session } = this.#locks;
    if (isSharing(session)) countEdges(session);
    return sharedView(session, { ...this.#facts, dictionary, origin: this.#origin, ended: this.#ended });
  }

  #reported(finding: Finding, detail: Finding["detail"]): ReportedFinding {
    const { rule, severity, message, count, locks, unproven } = finding;
    const { session } = this.#facts;
    return {
      rule,
      severity,
      title: RULES[rule as RuleId].title,
      message,
      fingerprint: fingerprintOf(finding).toString("hex"),
      count,
      first: this.#origin + BigInt(Math.round(finding.first)),
      last: this.#origin + BigInt(Math.round(finding.last)),
      sessions: [session],
      locks,
      evidence: finding.evidence.map(({ lane, eventNo }) => ({ session, lane, eventNo })),
      unproven,
      detail,
    };
  }
}

/** Threads of Node run event loops; its agent's tasks tell flows of code apart. */
function runsLoops(description: api.SessionDescription | undefined): boolean {
  return description?.agent.startsWith("wayward-node/") ?? false;
}
