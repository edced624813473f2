/** One measured value beside what it must be and what is aimed at. */
export interface Figure {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly op: "<=" | ">=";
  /** Undefined for what is only shown. */
  readonly must: number | undefined;
  readonly aim: number | undefined;
}

export interface BenchOptions {
  /** Smaller sizes, for a machine that runs other things too. */
  readonly quick: boolean;
}

export type Bench = (options: BenchOptions) => Promise<Figure[]>;

/** CPU time of a process in seconds so far: user and system, from proc(5). */
export async function cpuSeconds(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Ticks of a hundredth of a second (sysconf _SC_CLK_TCK).
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in MB. */
export async function residentMb(pid: number): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const match = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0) / 1000;
}

export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The middle of several measurements. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
