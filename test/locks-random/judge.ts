import { parseScript, replayScenario, type ScenarioFinding } from "@wayward/analysis";
import { explore } from "./explore.ts";
import { type Label, labelOf } from "./label.ts";
import { type Family, LOCKS_MAX, lockName, type Program, scriptLine } from "./program.ts";

export interface Judgement {
  /** An interleaving hangs. */
  readonly reachable: boolean;
  /** The analyses found something in the run that did not hang. */
  readonly reported: boolean;
  /** Why what was reported is not reachable; `unlabelled` where the search knows no reason. */
  readonly label: Label | "unlabelled" | undefined;
}

const NAMES = Array.from({ length: LOCKS_MAX }, (_, lock) => lockName(lock));

/** Compares what an exhaustive search and the analyses say of a program. */
export function judge(program: Program, family: Family): Judgement {
  const explored = explore(program);
  const [scenario] = parseScript(scriptLine(program, family, "random"));
  const { findings } = replayScenario(scenario!);
  const reachable = explored.deadlock;
  const reported = findings.length > 0;
  if (reachable || !reported) return { reachable, reported, label: undefined };
  const labels = findings.flatMap((finding) => cyclesOf(finding).map((cycle) => labelOf(program, explored, cycle)));
  return { reachable, reported, label: labels.includes(undefined) ? "unlabelled" : labels[0]! };
}

/** What must never be: a hang that is not told, a report without a reason. */
export function isWrong({ reachable, reported, label }: Judgement): boolean {
  return (reachable && !reported) || label === "unlabelled";
}

/**
 * The cycles of an inversion, as its message tells them: `locks` names each
 * lock once, but the way round may pass one twice, which makes it several
 * cycles that share that lock. One without locks for all that is no inversion.
 */
function cyclesOf({ rule, message }: ScenarioFinding): number[][] {
  const way = /^(.+), then \w+ again: /.exec(message)?.[1];
  if (rule !== "order.inversion" || way === undefined) return [[]];
  const cycles: number[][] = [];
  const open: number[] = [];
  for (const name of way.split(", then ")) {
    const lock = NAMES.indexOf(name);
    const before = open.indexOf(lock);
    if (before >= 0) cycles.push(open.splice(before));
    open.push(lock);
  }
  return [...cycles, open];
}
