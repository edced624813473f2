import { generateProgram } from "./generate.ts";
import { isWrong, type Judgement, judge } from "./judge.ts";
import { LABELS } from "./label.ts";
import { FAMILIES, type Family, scriptLine } from "./program.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";

/** Programs of one family by what the search and the analyses say. */
export interface Counts {
  readonly family: Family;
  readonly programs: number;
  readonly reachableReported: number;
  readonly reachableSilent: number;
  /** By label; `unlabelled` for those without one. */
  readonly unreachableReported: Readonly<Record<string, number>>;
  readonly unreachableSilent: number;
  /** What must not be, shrunk, as lines of a lock script. */
  readonly wrong: readonly string[];
}

/** Judges programs number 0 to `programs` - 1 of the seed. */
export function countPrograms(family: Family, programs: number, seed: number): Counts {
  const judged: Judgement[] = [];
  const wrong: string[] = [];
  for (let number = 0; number < programs; number++) {
    const program = generateProgram(new Random(seed, number, FAMILIES.indexOf(family)), family);
    const judgement = judge(program, family);
    judged.push(judgement);
    if (!isWrong(judgement)) continue;
    const least = shrink(program, (smaller) => isWrong(judge(smaller, family)));
    wrong.push(scriptLine(least, family, `${family}: seed ${seed}, program ${number}, shrunk`));
  }
  const count = (is: (judgement: Judgement) => boolean) => judged.filter(is).length;
  return {
    family,
    programs,
    reachableReported: count(({ reachable, reported }) => reachable && reported),
    reachableSilent: count(({ reachable, reported }) => reachable && !reported),
    unreachableReported: Object.fromEntries(
      [...LABELS, "unlabelled"].map((name) => [name, count(({ label }) => label === name)]),
    ),
    unreachableSilent: count(({ reachable, reported }) => !reachable && !reported),
    wrong,
  };
}

/** The counts as lines of text, two columns. */
export function countsText({ family, programs, ...counts }: Counts): string {
  const { unreachableReported } = counts;
  const reported = Object.values(unreachableReported).reduce((sum, count) => sum + count, 0);
  const lines: [string, number][] = [
    [`${family}: programs`, programs],
    ["  reachable and reported", counts.reachableReported],
    ["  reachable and not reported", counts.reachableSilent],
    ["  not reachable and reported", reported],
    ...Object.entries(unreachableReported).map(([label, count]): [string, number] => [`    ${label}`, count]),
    ["  not reachable and not reported", counts.unreachableSilent],
  ];
  return lines.map(([name, count]) => `${name.padEnd(36)}${String(count).padStart(8)}`).join("\n");
}
