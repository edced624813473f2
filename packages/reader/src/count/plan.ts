import { WaywardError } from "@wayward/base";
import type { Dimension } from "@wayward/block";

/** What a Count asks. */
export interface CountQuestion {
  readonly groupBy: readonly string[];
  readonly measure: string;
  readonly sortBy: string;
  readonly top: number;
  readonly scan: boolean;
}

/** How it is answered: from things that ended, paired by the summary's rules, or record by record. */
export type CountPlan =
  | { readonly type: "paired"; readonly dimension: PairedDimension }
  | { readonly type: "records"; readonly byLane: boolean; readonly fields: readonly string[] };

export type PairedDimension = Extract<Dimension, "zone" | "queueWait" | "queueRun" | "lockWait" | "lockHold">;

/** Groups that every record has. */
const COMMON = new Set(["kind", "family", "session", "host"]);
const SORTS = new Set(["", "count", "sum", "max", "p99"]);
const TOP_MAX = 10_000;
const GROUPS_MAX = 4;

/** Throws INVALID_ARGUMENT / BAD_COUNT where the question has no meaning. */
export function planCount({ groupBy, measure, sortBy, top }: CountQuestion): CountPlan {
  if (groupBy.length > GROUPS_MAX) throw bad(`${groupBy.length} groups, at most ${GROUPS_MAX}`);
  if (!SORTS.has(sortBy)) throw bad(`sort by "${sortBy}", known are count, sum, max and p99`);
  if (top > TOP_MAX) throw bad(`${top} groups are wanted, at most ${TOP_MAX}`);
  const dimension = pairedDimension(groupBy, measure);
  if (dimension !== undefined) {
    const known = ["session", "host", ...KEYS[dimension]];
    const stranger = groupBy.find((group) => !known.includes(group));
    if (stranger !== undefined) throw bad(`group "${stranger}" does not go with ${KEYS[dimension][0]}`);
    return { type: "paired", dimension };
  }
  if (["duration", "wait", "hold"].includes(measure) && groupBy.length === 0) {
    return {
      type: "paired",
      dimension: measure === "duration" ? "zone" : measure === "wait" ? "lockWait" : "lockHold",
    };
  }
  const byLane = groupBy.includes("lane");
  return { type: "records", byLane, fields: groupBy.filter((group) => !COMMON.has(group) && group !== "lane") };
}

const KEYS: Readonly<Record<PairedDimension, readonly string[]>> = {
  zone: ["zone"],
  queueWait: ["queue"],
  queueRun: ["queue"],
  lockWait: ["lock", "mode"],
  lockHold: ["lock", "mode"],
};

function pairedDimension(groupBy: readonly string[], measure: string): PairedDimension | undefined {
  const has = (group: string) => groupBy.includes(group);
  if (has("zone")) return expect("zone", measure, { "": "zone", duration: "zone" });
  if (has("queue")) return expect("queue", measure, { "": "queueRun", duration: "queueRun", wait: "queueWait" });
  if (!has("lock") && !has("mode")) return undefined;
  return expect("lock", measure, { "": "lockHold", hold: "lockHold", wait: "lockWait" });
}

function expect(group: string, measure: string, known: Readonly<Record<string, PairedDimension>>): PairedDimension {
  const dimension = known[measure];
  if (dimension !== undefined) return dimension;
  const names = Object.keys(known).filter((name) => name !== "");
  throw bad(`measure "${measure}" does not go with ${group}, known are ${names.join(" and ")}`);
}

function bad(what: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_COUNT", `count: ${what}`);
}
