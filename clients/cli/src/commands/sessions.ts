import type { query } from "@wayward/api";
import { formatDuration, formatWall, WaywardError } from "@wayward/base";
import { connect } from "@wayward/client";
import { isReporterName, sessionText } from "@wayward/record";
import { endingText } from "../output/ending.ts";
import { jsonLine } from "../output/json.ts";
import { sessionJson, stateName } from "../output/message.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { hidesReporters, tellHidden, type WithReporters } from "../reporters.ts";
import { parseCount, type SelectionOptions, selectionOf } from "../selection.ts";

export interface SessionsCommand extends SelectionOptions, WithReporters {
  readonly server?: string;
  readonly json?: boolean;
  readonly limit: string;
}

/** `wayward sessions`: newest first; those of analyses where they are asked for. */
export async function sessions(options: SessionsCommand): Promise<void> {
  const client = connect({ server: options.server });
  const rows: string[][] = [];
  const limit = parseCount("--limit", options.limit);
  const hides = hidesReporters(options);
  let [found, hidden] = [0, 0];
  try {
    for await (const session of client.find(selectionOf(options), hides ? undefined : limit)) {
      if (hides && isReporterName(session.description?.name ?? "")) {
        hidden++;
        continue;
      }
      if (found === limit) break;
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
  if (!options.json) await write(formatTable(COLUMNS, rows));
  tellHidden(hidden);
  if (options.json) return;
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
