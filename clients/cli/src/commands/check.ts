import { readFile, writeFile } from "node:fs/promises";
import { mergeFindings, type ReportedFinding } from "@wayward/analysis";
import { WaywardError } from "@wayward/base";
import { type BaselineEntry, baselineOf, formatBaseline, identityOf, parseBaseline } from "../check/baseline.ts";
import { parseGate } from "../check/gate.ts";
import { formatJson } from "../check/json.ts";
import { formatJunit } from "../check/junit.ts";
import { formatSarif } from "../check/sarif.ts";
import { formatText } from "../check/text.ts";
import { judge, type Verdict } from "../check/verdict.ts";
import { releaseVersion } from "./version.ts";

/** Options of `wayward check` beside what chooses the records. */
export interface CheckOptions {
  readonly failOn: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly format: "text" | "json" | "junit" | "sarif";
}

/** What a check comes to. */
export interface Checked {
  readonly report: string;
  readonly verdict: Verdict;
}

/**
 * Judges findings as they come. With `writeBaseline` the present ones are
 * written to that file first, and judged against it. Throws BAD_OPTION and
 * BAD_BASELINE before the first finding is asked for.
 */
export async function checkFindings(findings: AsyncIterable<ReportedFinding>, options: CheckOptions): Promise<Checked> {
  const gate = parseGate(options.failOn);
  const accepted = options.baseline === undefined ? [] : await readBaseline(options.baseline);
  const written = options.writeBaseline === undefined ? [] : await readBaseline(options.writeBaseline, true);
  const found: ReportedFinding[] = [];
  for await (const finding of findings) found.push(finding);
  const merged = mergeFindings(found);
  const now = Date.now();
  if (options.writeBaseline === undefined) return checked(judge(merged, gate, accepted, now), options, now);
  const baseline = baselineOf(merged, withLater(accepted, written));
  await writeFile(options.writeBaseline, formatBaseline(baseline));
  return checked(judge(merged, gate, baseline, now), options, now);
}

/** Entries of both, those of the second where both have one. */
function withLater(first: readonly BaselineEntry[], second: readonly BaselineEntry[]): BaselineEntry[] {
  return [...new Map([...first, ...second].map((entry) => [identityOf(entry), entry])).values()];
}

async function readBaseline(file: string, mayBeMissing = false): Promise<BaselineEntry[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && mayBeMissing) return [];
    throw new WaywardError("INVALID_ARGUMENT", "BAD_BASELINE", `${file} cannot be read: ${code ?? error}`);
  }
  return parseBaseline(text, file);
}

function checked(verdict: Verdict, { format, failOn }: CheckOptions, time: number): Checked {
  switch (format) {
    case "text":
      return { verdict, report: formatText(verdict) };
    case "json":
      return { verdict, report: formatJson(verdict) };
    case "junit":
      return { verdict, report: formatJunit(verdict, { time, failOn }) };
    case "sarif":
      return { verdict, report: formatSarif(verdict, { version: releaseVersion(), root: process.cwd() }) };
  }
}
