import type { Row } from "./rows.ts";

/** Contention of several rows of the table `locks` as one. Times are nanoseconds; a least without any is 0. */
export interface Sums {
  readonly acquiredBounces: number;
  readonly waitBounces: number;
  readonly waits: number;
  readonly waitMin: number;
  readonly waitMax: number;
  readonly waitTotal: number;
  readonly holds: number;
  readonly holdMin: number;
  readonly holdMax: number;
  readonly holdTotal: number;
  readonly triesFailed: number;
  readonly upgrades: number;
  readonly downgrades: number;
  readonly timeouts: number;
  readonly queueMax: number;
  readonly queueTotal: number;
  readonly waitsBegun: number;
  readonly depthMax: number;
}

export function sumRows(rows: readonly Row[]): Sums {
  const total = (name: string) => rows.reduce((sum, row) => sum + row.number(name), 0);
  const most = (name: string) => rows.reduce((max, row) => Math.max(max, row.number(name)), 0);
  const least = (name: string, count: string) => {
    const known = rows.filter((row) => row.number(count) > 0).map((row) => row.number(name));
    return known.reduce((min, one) => Math.min(min, one), known[0] ?? 0);
  };
  return {
    acquiredBounces: total("acquired_bounces"),
    waitBounces: total("wait_bounces"),
    waits: total("waits"),
    waitMin: least("wait_min", "waits"),
    waitMax: most("wait_max"),
    waitTotal: total("wait_total"),
    holds: total("holds"),
    holdMin: least("hold_min", "holds"),
    holdMax: most("hold_max"),
    holdTotal: total("hold_total"),
    triesFailed: total("tries_failed"),
    upgrades: total("upgrades"),
    downgrades: total("downgrades"),
    timeouts: total("timeouts"),
    queueMax: most("queue_max"),
    queueTotal: total("queue_total"),
    waitsBegun: total("waits_begun"),
    depthMax: most("depth_max"),
  };
}

/** `part` of `whole`; 0 of nothing. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
