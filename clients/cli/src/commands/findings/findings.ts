import { MergedFindings } from "@wayward/analysis";
import type { selection } from "@wayward/api";
import { fromBase32, present } from "@wayward/base";
import { type Client, type ClientFinding, type ClientRecord, connect } from "@wayward/client";
import { SEVERITIES, sessionText } from "@wayward/record";
import type { FindingsCommand } from "../../analyzed.ts";
import { untilInterrupted } from "../../interrupt.ts";
import { coverageLines } from "../../output/coverage.ts";
import { type SelectionOptions, selectionOf } from "../../selection.ts";
import { ShownFindings } from "../../suppressions/shown.ts";

export interface LiveCommand extends FindingsCommand {
  readonly live?: boolean;
}

/** `wayward findings`: what the live analyses have reported, merged; with `--live` also what they report from now on. */
export async function findings(options: LiveCommand): Promise<void> {
  if (options.live) return watchFindings([], options);
  const client = connect({ server: options.server });
  const chosen = await chosenSessions(client, options);
  const told = new MergedFindings();
  const answer = client.read({ kinds: ["finding.reported"], from: selectionOf(options).from });
  const printed = new ShownFindings(client, options);
  let coverage: selection.Coverage | undefined;
  try {
    for await (const record of answer) {
      const finding = findingOf(record);
      // Merged first, other sessions' places and counts would be told as those of the chosen ones.
      if (concerns(finding, chosen)) told.add(finding);
    }
    for (const finding of told.all()) await printed.add(finding);
    if (chosen !== undefined) coverage = (await client.kinds(selectionOf(options))).coverage;
  } finally {
    client.close();
  }
  printed.note();
  coverage ??= answer.coverage;
  if (coverage !== undefined) process.stderr.write(coverageLines(coverage));
}

/** Prints findings of these rules as they are reported: each when it is new, or of more sessions than before. */
export async function watchFindings(rules: readonly string[], options: FindingsCommand): Promise<void> {
  const client = connect({ server: options.server });
  let chosen = await chosenSessions(client, options);
  const printed = new ShownFindings(client, options);
  const told = new MergedFindings();
  const watch = client.watch({ kinds: ["finding.reported"], start: "first", signal: untilInterrupted() });
  try {
    for await (const seen of watch) {
      const records = seen.type === "record" ? [seen.record] : seen.type === "fill" ? seen.records : [];
      for (const record of records) {
        const finding = findingOf(record);
        if (!isOf(finding.rule, rules)) continue;
        // It may be of a session that has begun since.
        if (!concerns(finding, chosen)) chosen = await chosenSessions(client, options);
        if (!concerns(finding, chosen)) continue;
        const before = told.of(finding);
        told.add(finding);
        const merged = present(told.of(finding), "what was added is merged");
        if (before?.sessions.length !== merged.sessions.length) await printed.add(merged);
      }
    }
  } finally {
    client.close();
    printed.note();
  }
}

function isOf(rule: string, rules: readonly string[]): boolean {
  return rules.length === 0 || rules.some((one) => rule === one || rule.startsWith(`${one}.`));
}

/** Ids of the sessions that the options choose; undefined where they choose none. */
async function chosenSessions(client: Client, options: SelectionOptions): Promise<ReadonlySet<string> | undefined> {
  const { session, run, name, host, label } = options;
  if ([session, run, name, host, label].every((option) => option === undefined)) return undefined;
  const ids = new Set<string>();
  for await (const found of client.find(selectionOf(options))) ids.add(sessionText(found.session));
  return ids;
}

function concerns({ sessions }: ClientFinding, chosen: ReadonlySet<string> | undefined): boolean {
  return chosen === undefined || sessions.some((one) => chosen.has(one));
}

/** Reads what a record of kind finding.reported says. */
function findingOf({ fields }: ClientRecord): ClientFinding {
  const text = (name: string) => String(fields[name] ?? "");
  const { locks = [], evidence = [], ...detail } = JSON.parse(text("detail") || "{}") as Record<string, never>;
  const severity = SEVERITIES.find((known) => known === fields.severity) ?? "info";
  return {
    rule: text("rule"),
    severity,
    title: text("title"),
    message: text("message"),
    fingerprint: Buffer.from((fields.fingerprint as Uint8Array | undefined) ?? []).toString("hex"),
    count: Number(fields.count ?? 1n),
    first: BigInt((fields.first as bigint | undefined) ?? 0n),
    last: BigInt((fields.last as bigint | undefined) ?? 0n),
    sessions: text("sessions")
      .split(" ")
      .filter((id) => fromBase32(id) !== undefined),
    locks,
    evidence,
    unproven: text("unproven"),
    detail,
  };
}
