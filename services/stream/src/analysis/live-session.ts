import { ordersOf, type ReportedFinding, SessionAnalysis, type SessionFacts, type SharedView } from "@wayward/analysis";
import { Dictionary, type Envelope, sections } from "@wayward/block";
import { AGAIN_MS, isWorthTelling, type ToldFinding, toldNow } from "./told.ts";

/** Working out what matters to others takes at most one part in so many of the time. */
const SHARE = 20;

/** One running session's analyses, and what of their findings has been told. */
export class LiveSession {
  readonly #analysis: SessionAnalysis;
  readonly #dictionary = new Dictionary();
  /** As many as a session has findings. */
  readonly #told = new Map<string, ToldFinding>();
  #revision = -1;
  /** One of its findings is a cycle, whose orders go on without a report of it. */
  #hasOrders = false;
  #lookedMs = 0;
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

  /** Findings that readers should hear of; `isOver`: nothing more comes, so all that has changed is told. */
  untold(nowMs: number, isOver: boolean): ReportedFinding[] {
    const { revision } = this.#analysis;
    const ordersAreDue = this.#hasOrders && nowMs - this.#lookedMs >= AGAIN_MS;
    if (revision === this.#revision && !isOver && !ordersAreDue) return [];
    this.#revision = revision;
    this.#lookedMs = nowMs;
    const findings = this.#analysis.findings();
    this.#hasOrders = findings.some((finding) => ordersOf(finding).length > 0);
    const fresh = findings.filter((finding) =>
      isWorthTelling(finding, this.#told.get(keyOf(finding)), { nowMs, isOver }),
    );
    for (const finding of fresh) this.#told.set(keyOf(finding), toldNow(finding, nowMs));
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

function keyOf({ rule, fingerprint }: ReportedFinding): string {
  return `${rule} ${fingerprint}`;
}
