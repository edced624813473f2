import type { Finding } from "./finding.ts";
import type { ClockReading } from "./process.ts";

/** What no reading's own uncertainty explains. Sessions of two ingests are laid side by side by their clocks. */
const APART_MS_MOST = 1_000;

/** Says whether the clocks of services and servers agree. This machine's own only carries the readings. */
export function clocksFinding(readings: readonly ClockReading[]): Finding {
  const hop = "clocks";
  if (readings.length < 2) return { hop, ok: true, what: `${readings.length} clocks were read; two can be compared` };
  const sorted = [...readings].sort((a, b) => a.aheadMs - b.aheadMs);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]!;
  const apart = ({ aheadMs, uncertaintyMs }: ClockReading) =>
    Math.max(0, Math.abs(aheadMs - middle.aheadMs) - uncertaintyMs - middle.uncertaintyMs);
  const worst = sorted.reduce((found, reading) => (apart(reading) > apart(found) ? reading : found));
  if (apart(worst) <= APART_MS_MOST) {
    const give = Math.max(...readings.map(({ uncertaintyMs }) => uncertaintyMs));
    return { hop, ok: true, what: `${readings.length} clocks agree, as far as can be seen (${seconds(give)} s)` };
  }
  const way = worst.aheadMs > middle.aheadMs ? "ahead of" : "behind";
  const what = `${worst.of} is at least ${seconds(apart(worst))} s ${way} the others`;
  return { hop, ok: false, what, fix: "repair the time service there: sessions of several hosts are compared by it" };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
