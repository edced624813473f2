import type { Finding } from "./finding.ts";
import { byPartition } from "./metrics.ts";

/** A chunk is written after 10 s at most, and metrics are 10 s old: what is older than this waits for nothing good. */
const LAG_SECONDS_MOST = 60;
/** From here on a partition of the bus is full soon. */
const FULL_SHARE_MOST = 0.7;

/** Says how old what is not archived is, by what ingest and archive tell. */
export function lagFinding(texts: readonly string[]): Finding {
  const hop = "lag";
  const oldest = worst(texts, (text) => byPartition(text, "wayward_archive_lag_seconds"));
  if (oldest === undefined)
    return { hop, ok: true, what: "not looked at: neither ingest nor archive tells its metrics" };
  const what = `what is not archived is at most ${oldest.value.toFixed(1)} s old (partition ${oldest.partition})`;
  if (oldest.value <= LAG_SECONDS_MOST) return { hop, ok: true, what };
  return { hop, ok: false, what, fix: "docs/operate/runbooks/WaywardArchiveLagging.md" };
}

/** Says how full the bus is. */
export function fullFinding(texts: readonly string[]): Finding {
  const hop = "bus";
  const fullest = worst(texts, (text) => {
    const most = byPartition(text, "wayward_bus_bytes_max");
    const bytes = byPartition(text, "wayward_bus_bytes");
    return new Map([...bytes].map(([partition, value]) => [partition, value / (most.get(partition) ?? 1)]));
  });
  if (fullest === undefined)
    return { hop, ok: true, what: "not looked at: neither ingest nor archive tells its metrics" };
  const what = `partition ${fullest.partition} is ${(fullest.value * 100).toFixed(1)} % full, no other is fuller`;
  if (fullest.value <= FULL_SHARE_MOST) return { hop, ok: true, what };
  return { hop, ok: false, what, fix: "docs/operate/runbooks/WaywardBusFilling.md" };
}

function worst(texts: readonly string[], read: (text: string) => ReadonlyMap<number, number>) {
  const all = texts.flatMap((text) => [...read(text)].map(([partition, value]) => ({ partition, value })));
  return all.toSorted((a, b) => b.value - a.value)[0];
}
