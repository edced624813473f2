import { ordersOf, type ReportedFinding } from "@wayward/analysis";
import { SEVERITIES, type Severity } from "@wayward/record";

/** A finding that goes on is told again after so long. */
export const AGAIN_MS = 10_000;

/** What was last said of a finding that goes on, and when. */
export interface ToldFinding {
  readonly count: number;
  /** How often each order of its cycle was seen. */
  readonly orders: readonly number[];
  readonly severity: Severity;
  readonly unproven: string;
  readonly atMs: number;
}

export function toldNow(finding: ReportedFinding, atMs: number): ToldFinding {
  const { count, severity, unproven } = finding;
  return { count, orders: ordersOf(finding), severity, unproven, atMs };
}

/**
 * True if readers should hear of it: it is new, worse or proven since, or has
 * gone on for a while. Orders go on as long as a program runs: they are told
 * again when one was seen twice as often, and, as all that has changed, when
 * it is over.
 */
export function isWorthTelling(
  finding: ReportedFinding,
  told: ToldFinding | undefined,
  { nowMs, isOver }: { readonly nowMs: number; readonly isOver: boolean },
): boolean {
  if (told === undefined) return true;
  if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(told.severity)) return true;
  // Only this way round: two cycles of one fingerprint would be told in turn for ever.
  if (finding.unproven === "" && told.unproven !== "") return true;
  const orders = ordersOf(finding).map((count, index) => [count, told.orders[index] ?? 0] as const);
  if (isOver) return told.count !== finding.count || orders.some(([count, before]) => count > before);
  if (nowMs - told.atMs < AGAIN_MS) return false;
  return told.count !== finding.count || orders.some(([count, before]) => count >= 2 * before && count > before);
}

/** What has been told, by key, bounded: what was told longest ago is forgotten and may be told again. */
export class Told {
  readonly #max: number;
  readonly #told = new Map<string, ToldFinding>();

  /** Keeps at most `max` keys. */
  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): ToldFinding | undefined {
    return this.#told.get(key);
  }

  set(key: string, told: ToldFinding): void {
    this.#told.delete(key);
    this.#told.set(key, told);
    const [oldest] = this.#told.keys();
    if (this.#told.size > this.#max && oldest !== undefined) this.#told.delete(oldest);
  }
}
