import type { Client } from "@wayward/client";
import { REPORTER_PREFIX, sessionText } from "@wayward/record";
import { countText } from "./output/count.ts";
import { type SelectionOptions, selectionOf } from "./selection.ts";

/** Options of commands that list what programs did, and not what analyses tell of it. */
export interface WithReporters {
  /** Sessions too in which analyses tell what they found. */
  readonly all?: boolean;
}

type Options = SelectionOptions & WithReporters;

/** Who asks by id or name gets what was asked for. */
export function hidesReporters({ all, session, name }: Options): boolean {
  return !all && session === undefined && name === undefined;
}

/** Ids of those of the chosen sessions that are not to be shown. */
export async function hiddenReporters(client: Client, options: Options): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  if (!hidesReporters(options)) return ids;
  const reporters = { ...selectionOf(options), names: [`${REPORTER_PREFIX}*`] };
  for await (const { session } of client.find(reporters)) ids.add(sessionText(session));
  return ids;
}

/** Says on stderr how many sessions were left out. */
export function tellHidden(count: number): void {
  if (count === 0) return;
  const [are, them] = count === 1 ? ["is", "it"] : ["are", "them"];
  process.stderr.write(`${countText(count, "session")} of analyses ${are} not shown; --all shows ${them}\n`);
}
