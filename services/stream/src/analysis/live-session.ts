import { type ReportedFinding, SessionAnalysis, type SessionFacts, type SharedView } from "@wayward/analysis";
import { Dictionary, type Envelope, sections } from "@wayward/block";

/** Working out what matters to others takes at most one part in so many of the time. */
const SHARE = 20;

/** A finding that goes on is told again after so long. */
const AGAIN_MS = 10_000;

/** What was last said of a finding; there are as many as a session has findings. */
interface ToldFinding {
  readonly count: number;
  readonly severity: string;
  readonly unproven: string;
  readonly atMs: number;
}

/** One running session's analyses, and what of their findings has been told. */
export class LiveSession {
  readonly #analysis: SessionAnalysis;
  readonly #dictionary = new Dictionary();
  readonly #told = new Map<string, ToldFinding>();
  #revision = -1;
  #isDirty = false;
  #sharedAfterMs = 0;
  seenMs: number;

  constructor(facts: SessionFacts, nowMs: number) {
    this.#analysis = new SessionAnalysis({ ...facts, lanes: false }, this.#dictionary);
    this.seenMs = nowMs;
  }

  /** Takes a block, with what others of its epoch define. Throws a refusal if it is damaged. */
  step(envelope: Envelope, definitions: readonly Uint8Array[], nowMs: number): void {
    for (const section of definitions) this.#dictionary.add(section);
    this.#dictionary.add(sections(envelope).dictionary);
    this.#analysis.step(envelope);
    this.seenMs = nowMs;
    this.#isDirty = true;
  }

  /** Waits that last are judged by the clock, as no record may come. `wall` is nanoseconds since 1970. */
  tick(wall: bigint): void {
    this.#analysis.tick(wall);
  }

  /** Findings that are new, worse, proven since, or have gone on for a while; with `all` every one that has changed. */
  untold(nowMs: number, all: boolean): ReportedFinding[] {
    const { revision } = this.#analysis;
    if (revision === this.#revision && !all) return [];
    this.#revision = revision;
    const fresh = this.#analysis.findings().filter((finding) => {
      const told = this.#told.get(`${finding.rule} ${finding.fingerprint}`);
      if (told?.severity !== finding.severity || told.unproven !== finding.unproven) return true;
      return told.count !== finding.count && (all || nowMs - told.atMs >= AGAIN_MS);
    });
    for (const { rule, fingerprint, count, severity, unproven } of fresh) {
      this.#told.set(`${rule} ${fingerprint}`, { count, severity, unproven, atMs: nowMs });
    }
    return fresh;
  }

  /** What matters to other sessions: where it may have changed since the last call, or `again`. */
  shared(again: boolean, nowMs: number): SharedView | undefined {
    if ((!this.#isDirty && !again) || nowMs < this.#sharedAfterMs) return undefined;
    const view = this.sharedNow();
    this.#sharedAfterMs = nowMs + SHARE * (performance.now() - nowMs);
    return view;
  }

  sharedNow(): SharedView | undefined {
    this.#isDirty = false;
    return this.#analysis.shared();
  }
}
