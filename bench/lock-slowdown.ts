import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Bench, type Figure, median } from "./figure.ts";

const run = promisify(execFile);
const PROGRAMS = join(import.meta.dirname, "programs");

/** L3: CPU time of a program that nests locks, watched over without; ours, and its C twin under Helgrind. */
export const lockSlowdown: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const rounds = quick ? 200_000 : 1_000_000;
  try {
    const script = join(PROGRAMS, "nest.ts");
    const node = (spool: string) => [process.execPath, script, spool, String(rounds)];
    const ours = await slowdown(node("off"), node(join(folder, "spool")), rounds);
    const what = "slowdown of two nested locks with half a µs of work: CPU time with / without";
    const figures = [shown("L3a", `${what} the Node agent`, ours)];
    const helgrind = await helgrindOf(folder, rounds);
    if (helgrind !== undefined) figures.push(shown("L3b", `${what} Helgrind, of the C twin`, helgrind));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Slowdown {
  /** Nanoseconds of CPU a round. */
  readonly without: number;
  readonly watched: number;
}

async function slowdown(without: string[], watched: string[], rounds: number): Promise<Slowdown> {
  const [free, slow]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 3; turn++) {
    free.push(await cpuOf(without));
    slow.push(await cpuOf(watched));
  }
  return { without: (median(free) * 1000) / rounds, watched: (median(slow) * 1000) / rounds };
}

/** What the program prints: its CPU microseconds. */
async function cpuOf([program = "", ...args]: string[]): Promise<number> {
  return Number((await run(program, args)).stdout);
}

/** Undefined where there is no C compiler or no valgrind, which is told. */
async function helgrindOf(folder: string, rounds: number): Promise<Slowdown | undefined> {
  const binary = join(folder, "nest");
  try {
    await run("valgrind", ["--version"]);
    await run("cc", ["-O2", "-pthread", "-o", binary, join(PROGRAMS, "nest.c")]);
  } catch (error) {
    process.stdout.write(`${"NOT MEASURED".padEnd(16)} L3b: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
  const program = [binary, String(rounds)];
  return slowdown(program, ["valgrind", "--quiet", "--tool=helgrind", ...program], rounds);
}

function shown(id: string, what: string, { without, watched }: Slowdown): Figure {
  const parts = `(${watched.toFixed(0)} and ${without.toFixed(0)} ns a round)`;
  return {
    id,
    what: `${what} ${parts}`,
    value: watched / without,
    unit: "×",
    op: "<=",
    must: undefined,
    aim: undefined,
  };
}
