import { writeFile } from "node:fs/promises";
import { WaywardError } from "@wayward/base";
import { type AnalyzeCommand, analyze, printRests } from "../analyzed.ts";
import { baselineOf, formatBaseline } from "../check/baseline.ts";
import { readBaseline, readBaselineIfThere } from "../check/baseline-file.ts";
import { parseGate } from "../check/gate.ts";
import { formatJson } from "../check/json.ts";
import { formatJunit } from "../check/junit.ts";
import { formatSarif } from "../check/sarif.ts";
import { formatText } from "../check/text.ts";
import { judge, type Verdict } from "../check/verdict.ts";
import { EXIT } from "../exit.ts";
import { write } from "../output/write.ts";
import { releaseVersion } from "./version.ts";

export interface CheckCommand extends AnalyzeCommand {
  readonly failOn: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly format: "text" | "json" | "junit" | "sarif";
}

/**
 * `wayward check`: runs every analysis and fails, with exit code 5, on what
 * the gate is about and no baseline accepts. With `--write-baseline` the
 * present findings are accepted first. Throws NO_SESSION where nothing was
 * looked at: that must not pass for nothing found.
 */
export async function check(options: CheckCommand): Promise<void> {
  const gate = parseGate(options.failOn);
  const accepted = options.baseline === undefined ? [] : await readBaseline(options.baseline);
  const written = options.writeBaseline === undefined ? [] : await readBaselineIfThere(options.writeBaseline);
  const analyzed = await analyze(options, {});
  if (analyzed.coverage.sessions === 0n) {
    throw new WaywardError("NOT_FOUND", "NO_SESSION", "no session matches, so nothing was checked");
  }
  const now = Date.now();
  let baseline = accepted;
  if (options.writeBaseline !== undefined) {
    baseline = baselineOf(analyzed.findings, [...accepted, ...written]);
    await writeFile(options.writeBaseline, formatBaseline(baseline));
  }
  const verdict = judge(analyzed.findings, gate, baseline, now);
  await write(reportOf(verdict, options, now));
  await printRests(analyzed, { json: options.format === "json" });
  if (verdict.counts.failed > 0) process.exitCode = EXIT.findings;
}

function reportOf(verdict: Verdict, { format, failOn }: CheckCommand, time: number): string {
  switch (format) {
    case "text":
      return formatText(verdict);
    case "json":
      return formatJson(verdict);
    case "junit":
      return formatJunit(verdict, { time, failOn });
    case "sarif":
      return formatSarif(verdict, { version: releaseVersion(), root: process.cwd() });
  }
}
