import { writeFile } from "node:fs/promises";
import { WaywardError } from "@wayward/base";
import { type Analyzed, type ClientFinding, connect } from "@wayward/client";
import { type AnalyzeCommand, analyze, printRests } from "../analyzed.ts";
import { type BaselineEntry, baselineOf, formatBaseline, identityOf } from "../check/baseline.ts";
import { readBaseline, readBaselineIfThere } from "../check/baseline-file.ts";
import { parseGate } from "../check/gate.ts";
import { formatJson } from "../check/json.ts";
import { formatJunit } from "../check/junit.ts";
import { formatSarif } from "../check/sarif.ts";
import { formatText } from "../check/text.ts";
import { judge, type Verdict } from "../check/verdict.ts";
import { EXIT } from "../exit.ts";
import { write } from "../output/write.ts";
import { release } from "../release.ts";
import { knownSuppressions, Suppressions } from "../suppressions/known.ts";
import { suppressionsNote } from "../suppressions/note.ts";

export interface CheckCommand extends AnalyzeCommand {
  readonly failOn: readonly string[];
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly format: "text" | "json" | "junit" | "sarif";
}

/**
 * `wayward check`: runs every analysis and fails, with exit code 5, on what
 * the gate is about and neither a baseline nor the server's suppressions
 * accept. With `--write-baseline` the present findings are accepted first.
 * Throws NO_SESSION where nothing was
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
  const suppressions = await suppressionsFor(analyzed, options);
  let baseline = accepted;
  if (options.writeBaseline !== undefined) {
    const known = [...accepted, ...written];
    baseline = baselineOf(
      analyzed.findings.filter((finding) => isForBaseline(finding, known, suppressions)),
      known,
    );
    await writeBaseline(options.writeBaseline, formatBaseline(baseline));
  }
  const verdict = judge(analyzed.findings, gate, baseline, suppressions, now);
  await write(reportOf(verdict, options, now));
  await printRests(analyzed, { json: options.format === "json" });
  process.stderr.write(noteOf(verdict));
  if (verdict.counts.failed > 0) process.exitCode = EXIT.findings;
}

async function writeBaseline(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `--write-baseline ${path}: ${(error as Error).message}`);
  }
}

/** Where nothing is found, the service that keeps suppressions need not be there. */
async function suppressionsFor({ findings }: Analyzed, { server }: CheckCommand): Promise<Suppressions> {
  if (findings.length === 0) return new Suppressions([], Date.now());
  const client = connect({ server });
  try {
    return await knownSuppressions(client);
  } finally {
    client.close();
  }
}

/** What a suppression hides until its end counts again then, so a baseline does not take it up. */
function isForBaseline(finding: ClientFinding, known: readonly BaselineEntry[], suppressions: Suppressions): boolean {
  if (suppressions.of(finding)?.expired !== false) return true;
  return known.some((entry) => identityOf(entry) === identityOf(finding));
}

function noteOf({ judged }: Verdict): string {
  const count = (expired: boolean) => judged.filter(({ suppression }) => suppression?.expired === expired).length;
  return suppressionsNote(count(false), count(true), " on the server");
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
      return formatSarif(verdict, { version: release().version, root: process.cwd() });
  }
}
