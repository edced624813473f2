import type { block as api } from "@wayward/api";
import { Block, type Dictionary, type Envelope } from "@wayward/block";
import { Batch } from "./batch.ts";
import { type Finding, fingerprintOf } from "./finding.ts";
import { LockFold } from "./locks/fold.ts";
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
}

/** All analyses of one session as one fold over its blocks, in order of seq. */
export class SessionAnalysis {
  readonly #facts: SessionFacts;
  readonly #dictionary: Dictionary;
  readonly #locks: LockFold;
  readonly #threads: ThreadFold;
  /** The session's start in nanoseconds of its clock. */
  readonly #start: bigint;
  /** Aligned time of the session's start. */
  readonly #origin: bigint;
  #ended = false;

  /** `dictionary` holds what the session has defined; whoever feeds the blocks adds to it. */
  constructor(facts: SessionFacts, dictionary: Dictionary) {
    this.#facts = facts;
    this.#dictionary = dictionary;
    const { start = 0n, anchor } = facts.description ?? {};
    this.#origin = start + (anchor === undefined ? 0n : anchor.wall - anchor.clock);
    this.#start = start;
    this.#locks = new LockFold(dictionary);
    this.#threads = new ThreadFold(dictionary);
  }

  /** Records of locks and lanes so far. */
  get records(): number {
    return this.#locks.session.records;
  }

  /** Throws a refusal if the block's columns are damaged. */
  step(envelope: Envelope): void {
    const block = new Block(envelope);
    const batch = new Batch(block.columns, this.#dictionary, this.#start);
    this.#locks.step(envelope.header.seq, batch, () => block.openSet);
    this.#threads.step(envelope.header.seq, batch, () => block.openSet);
    if (envelope.header.end !== undefined) this.#ended = true;
  }

  /** Findings as they are now, without tables. */
  findings(): ReportedFinding[] {
    return this.#locks.finish(this.#ended).map((finding) => this.#reported(finding));
  }

  result(): AnalysisResult {
    const findings = this.findings();
    const { session: state } = this.#locks;
    const { session } = this.#facts;
    const { state: threads } = this.#threads;
    const tables = [...lockTables({ session, state, dictionary: this.#dictionary }), ...threadTables(session, threads)];
    return { findings, tables, leftOut: Object.fromEntries([...state.leftOut, ...threads.leftOut]) };
  }

  #reported(finding: Finding): ReportedFinding {
    const { rule, severity, message, count, locks, unproven, detail } = finding;
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
