import { readFileSync } from "node:fs";
import { isInnocent, parseScript, replayScenario, type ScenarioVerdict } from "@wayward/analysis";
import { WaywardError } from "@wayward/base";
import { countText } from "../../output/count.ts";
import { jsonLine } from "../../output/json.ts";
import { Lines } from "../../output/write.ts";

export interface ReplayCommand {
  readonly json?: boolean;
}

/** `wayward locks replay`: judges the scenarios of a lock script. Throws NO_SCRIPT, BAD_SCRIPT. */
export async function locksReplay(file: string, { json }: ReplayCommand): Promise<void> {
  const scenarios = parseScript(read(file));
  const lines = new Lines();
  let guilty = 0;
  for (const scenario of scenarios) {
    const verdict = replayScenario(scenario);
    if (!isInnocent(verdict)) guilty++;
    await lines.add(json ? jsonLine(verdict) : verdictText(verdict));
  }
  await lines.flush();
  process.stderr.write(`${countText(scenarios.length, "scenario")}, ${guilty} guilty\n`);
}

function verdictText(verdict: ScenarioVerdict): string {
  const { name, findings } = verdict;
  const head = `${isInnocent(verdict) ? "innocent" : "guilty  "}  ${name}\n`;
  const rows = findings.map(
    ({ rule, severity, ops, message }) => `    ${severity} ${rule}: ${message} (ops ${ops.join(", ")})\n`,
  );
  return head + rows.join("");
}

function read(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new WaywardError("INVALID_ARGUMENT", "NO_SCRIPT", `lock script "${file}" cannot be read: ${why}`);
  }
}
