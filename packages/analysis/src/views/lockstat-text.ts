import type { View } from "./view.ts";
import { viewCells } from "./view-text.ts";

const NAME_WIDTH = 40;
const NUMBER_WIDTH = 14;

/**
 * The views of lockstatView in the layout of /proc/lock_stat: statistics of a
 * class, then under a rule its points of contention, then under another rule
 * those of the holders.
 */
export function lockstatText([statistics, points]: readonly [View, View]): string {
  const titles = statistics.columns.slice(2).map(({ title }) => title.padStart(NUMBER_WIDTH));
  const head = ["class name".padStart(NAME_WIDTH), ...titles].join(" ");
  const cells = viewCells(statistics);
  const lines = ["-".repeat(head.length), head, "-".repeat(head.length)];
  const places = viewCells(points);
  for (const name of new Set(cells.map((row) => row[0]!))) {
    const own = cells.filter((row) => row[0] === name);
    lines.push("", ...own.map(statLine));
    const length = labelOf(own[0]!).length;
    for (const point of ["waits", "holds"]) {
      const some = places.filter((row) => row[0] === name && row[1] === point);
      if (some.length > 0) lines.push("-".repeat(length).padStart(NAME_WIDTH), ...some.map(pointLine));
    }
    if (places.some((row) => row[0] === name)) lines.push("", ".".repeat(head.length));
  }
  return [...lines, ...statistics.notes, ...points.notes].map((line) => `${line.trimEnd()}\n`).join("");
}

function statLine(row: readonly string[]): string {
  const numbers = row.slice(2).map((cell) => cell.padStart(NUMBER_WIDTH));
  return `${`${labelOf(row)}:`.padStart(NAME_WIDTH + 1)}${numbers.join(" ")}`;
}

function labelOf([name, mode]: readonly string[]): string {
  return mode === "" ? name! : `${name}-${mode}`;
}

function pointLine([name, , count, place]: readonly string[]): string {
  return `${name!.padStart(NAME_WIDTH)} ${count!.padStart(NUMBER_WIDTH)} ${place}`;
}
