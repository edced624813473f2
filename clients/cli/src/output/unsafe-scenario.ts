import type { CycleEdge } from "./cycle.ts";

/**
 * How lanes come to wait for each other for ever, as a table with a column a
 * lane and time going down: each takes the first lock of one edge, then each
 * waits for the second.
 */
export function unsafeScenario(cycle: readonly CycleEdge[]): string[] {
  const titles = titlesOf(cycle);
  const held = cycle.map(({ from }) => `lock(${from})`);
  const wanted = cycle.map(({ to }) => `lock(${to})`);
  const widths = cycle.map((_, at) => Math.max(...[titles[at]!, held[at]!, wanted[at]!].map(({ length }) => length)));
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]! + GAP))
      .join("")
      .trimEnd();
  const alone = (text: string, column: number) => row(cycle.map((_, at) => (at === column ? text : "")));
  return [
    row(titles),
    row(titles.map((title) => "-".repeat(title.length))),
    ...held.map(alone),
    ...wanted.map(alone),
    "*** DEADLOCK ***",
  ];
}

/** Characters between columns. */
const GAP = 4;

/** Names of the lanes that were seen; numbers where one lane made several edges, since another that does the same is needed. */
function titlesOf(cycle: readonly CycleEdge[]): string[] {
  const names = cycle.map(({ taken }) => taken.lane);
  const areDistinct = new Set(names).size === names.length && !names.includes("");
  return areDistinct ? names : names.map((_, at) => `lane ${at + 1}`);
}
