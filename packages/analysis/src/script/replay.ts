import { unwrap } from "@wayward/base";
import { Block, Dictionary, parseEnvelope, sections } from "@wayward/block";
import type { Severity } from "@wayward/record";
import { Batch } from "../batch.ts";
import type { Finding } from "../finding.ts";
import { LockFold } from "../locks/fold.ts";
import { recordScenario } from "./record.ts";
import type { Scenario } from "./scenario.ts";

export interface ScenarioVerdict {
  readonly name: string;
  readonly findings: readonly ScenarioFinding[];
}

export interface ScenarioFinding {
  readonly rule: string;
  readonly severity: Severity;
  /** Indices into the scenario's ops. */
  readonly ops: readonly number[];
  readonly locks: readonly string[];
  readonly message: string;
}

/** Turns a scenario into the records of a session of its own and runs the lock analyses on them. */
export function replayScenario(scenario: Scenario): ScenarioVerdict {
  const { description, blocks, opOf } = recordScenario(scenario);
  const dictionary = new Dictionary();
  const fold = new LockFold(dictionary);
  for (const { bytes } of blocks) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    const block = new Block(envelope);
    const batch = new Batch(block.columns, dictionary, description.start);
    fold.step(envelope.header.seq, batch, () => block.openSet);
  }
  const findings = fold.finish(true).map((finding) => scenarioFinding(finding, opOf));
  return { name: scenario.name, findings };
}

function scenarioFinding(finding: Finding, opOf: ReadonlyMap<string, number>): ScenarioFinding {
  const { rule, severity, evidence, locks, message } = finding;
  const ops = evidence.map(({ lane, eventNo }) => opOf.get(`${lane}/${eventNo}`)).filter((op) => op !== undefined);
  return { rule, severity, ops: [...new Set(ops)].sort((a, b) => a - b), locks, message };
}

/** True if nothing of severity error or warning was found. */
export function isInnocent({ findings }: ScenarioVerdict): boolean {
  return findings.every(({ severity }) => severity !== "error" && severity !== "warning");
}
