import type { query } from "@wayward/api";
import { formatDuration, formatWall, WaywardError } from "@wayward/base";
import { connect } from "@wayward/client";
import { sessionText } from "@wayward/record";
import { endingText } from "../output/ending.ts";
import { jsonLine } from "../output/json.ts";
import { sessionJson, stateName } from "../output/message.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { parseCount, type SelectionOptions, selectionOf } from "../selection.ts";

export interface SessionsCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
  readonly limit: string;
}

/** `wayward sessions`: newest first. */
export async function sessions(options: SessionsCommand): Promise<void> {
  const client = connect({ server: options.server });
  const rows: string[][] = [];
  let found = 0;
  try {
    for await (const session of client.find(selectionOf(options), parseCount("--limit", options.limit))) {
      found++;
      if (options.json) await write(jsonLine(sessionJson(session)));
      else rows.push(sessionRow(session));
    }
  } finally {
    client.close();
  }
  if (found === 0 && options.session !== undefined) {
    throw new WaywardError("NOT_FOUND", "NO_SESSION", `session ${options.session.join(", ")} is not here`);
  }
  if (options.json) return;
  await write(formatTable(COLUMNS, rows));
  if (found === 0) process.stderr.write("no session matches; record one with `wayward run -- command`\n");
}

const COLUMNS = [
  { title: "SESSION" },
  { title: "NAME" },
  { title: "HOST" },
  { title: "STATE" },
  { title: "STARTED" },
  { title: "LASTED", right: true },
  { title: "RECORDS", right: true },
  { title: "BYTES", right: true },
];

function sessionRow(session: query.Session): string[] {
  const { description, records, bytes, first, last } = session;
  // Without its first block nothing tells where its clock stood.
  const started = description?.anchor?.wall;
  return [
    sessionText(session.session),
    description?.name || "-",
    description?.host || "-",
    stateText(session),
    started === undefined ? "-" : formatWall(started).replace(/\.\d+Z$/, "Z"),
    last > first ? formatDuration(last - first) : "",
    String(records),
    String(bytes),
  ];
}

/** The state, with how it ended where that was not clean. */
function stateText(session: query.Session): string {
  const state = stateName(session.state);
  const ending = endingText(session);
  return ending === "" ? state : `${state} (${ending})`;
}
