import { formatWall } from "@wayward/base";
import type { Client, ClientRecord } from "@wayward/client";
import { controlApplied } from "@wayward/record";
import { jsonLine } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { topicRules } from "./change.ts";
import { type Applied, appliedIn, type Running, runningSessions } from "./followers.ts";

/** What a command shows of a topic beside its rules and who follows it. */
export interface StatusView {
  readonly topic: string;
  /** Said where there are no rules. */
  readonly without: string;
  /** Rules as rows: titles, then the fields that each shows. */
  readonly columns: readonly { readonly title: string; readonly field: string }[];
  /** Kinds that are read for `extra`. */
  readonly kinds: readonly string[];
  /** Hears every record of those kinds, in order of time. */
  readonly hear?: (record: ClientRecord) => void;
  /** A further column and its JSON fields, by session. */
  readonly extra?: {
    readonly title: string;
    readonly text: (session: string) => string;
    readonly json: (session: string) => object;
  };
}

/** Shows a topic's rules, its revision, and which running session has applied which revision, and when. */
export async function showStatus(client: Client, view: StatusView, json: boolean): Promise<void> {
  const set = await topicRules(client, view.topic);
  const running = await runningSessions(client, {});
  const applied = await readApplied(client, view, running);
  if (json) {
    await write(jsonLine(set));
    for (const { session, name, host } of running) {
      const last = applied.get(session);
      const when = { revision: last?.revision ?? null, applied: last?.at ?? null };
      await write(jsonLine({ session, name, host, ...when, ...view.extra?.json(session) }));
    }
    return;
  }
  await write(set.revision === 0n ? `${view.topic} was never set\n` : `${view.topic} is at revision ${set.revision}\n`);
  const rules = set.rules.map((rule) => view.columns.map(({ field }) => cell(rule[field])));
  await write(rules.length === 0 ? `${view.without}\n` : formatTable(view.columns, rules));
  const rows = running.map(({ session, name, host }) => {
    const last = applied.get(session);
    const when = last === undefined ? ["-", "-"] : [String(last.revision), formatWall(last.at).slice(0, 23)];
    return [session, name, host, ...when, view.extra?.text(session) ?? ""];
  });
  if (rows.length === 0) process.stderr.write("no session runs\n");
  else await write(`\n${formatTable(sessionColumns(view), rows)}`);
}

function sessionColumns({ extra }: StatusView) {
  const titles = ["SESSION", "NAME", "HOST", "REVISION", "APPLIED", ...(extra === undefined ? [] : [extra.title])];
  return titles.map((title) => ({ title, right: title === "REVISION" }));
}

async function readApplied(
  client: Client,
  { topic, kinds, hear }: StatusView,
  running: readonly Running[],
): Promise<Map<string, Applied>> {
  const applied = new Map<string, Applied>();
  // No sessions would mean all.
  if (running.length === 0) return applied;
  const sessions = running.map(({ session }) => session);
  for await (const record of client.read({ sessions, kinds: [controlApplied.name, ...kinds] })) {
    const found = appliedIn(record, topic);
    if (found !== undefined) applied.set(record.session, found);
    else if (record.kind !== controlApplied.name) hear?.(record);
  }
  return applied;
}

function cell(value: unknown): string {
  return value === undefined ? "" : String(value);
}
