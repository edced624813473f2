import { type Client, connect } from "@wayward/client";
import { sessionText } from "@wayward/record";
import { coverageLines, expectSessions } from "../output/coverage.ts";
import { endingText } from "../output/ending.ts";
import { jsonLine } from "../output/json.ts";
import { coverageJson } from "../output/message.ts";
import { Printed } from "../output/printed.ts";
import { Progress } from "../output/progress.ts";
import { recordJson, recordLine } from "../output/record.ts";
import { Lines } from "../output/write.ts";
import { formOf, parseCount, type SelectionOptions, selectionOf } from "../selection.ts";
import { tellUnknownNames } from "../why-empty.ts";

export interface ReadCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
  readonly reverse: boolean;
  readonly limit?: string;
}

/** `wayward read`: records to stdout, what they rest on to stderr (with --json as the last line). */
export async function read(options: ReadCommand): Promise<void> {
  const limit = options.limit === undefined ? undefined : parseCount("--limit", options.limit);
  const client = connect({ server: options.server });
  const form = formOf(options, limit);
  const printed = new Printed(limit, options.session);
  const answer = client.read({ ...selectionOf(options), reverse: options.reverse, limit: printed.asked, form });
  const lines = new Lines();
  const progress = new Progress("records read");
  let endings = "";
  try {
    for await (const record of answer) {
      progress.add(1);
      if (!printed.add(record)) continue;
      await lines.add(options.json ? jsonLine(recordJson(record)) : recordLine(record));
    }
    if (answer.coverage?.records === 0n) await tellUnknownNames(client, options);
    endings = await endingLines(client, printed.sessions, options.json === true);
  } finally {
    progress.end();
    await lines.flush();
    client.close();
  }
  expectSessions(answer.coverage, options.session);
  if (answer.coverage === undefined) return;
  const { records, more } = printed;
  if (options.json)
    await lines.add(jsonLine({ coverage: coverageJson({ ...answer.coverage, records: BigInt(records) }), more }));
  else process.stderr.write(`${coverageLines(answer.coverage, printed)}${endings}`);
  await lines.flush();
}

/** Sessions of which it is told how they ended; of more it would be a list of its own. */
const ENDINGS_MAX = 5;

/** How the sessions ended that did not end well. Of those that vanished a gap tells it. */
async function endingLines(client: Client, ids: ReadonlySet<string>, isJson: boolean): Promise<string> {
  if (isJson || ids.size === 0 || ids.size > ENDINGS_MAX) return "";
  const lines: string[] = [];
  for await (const { session, description, end } of client.find({ sessions: [...ids] }, ids.size)) {
    const ending = end?.cause === CLEAN ? endingText({ end }) : "";
    if (ending !== "") lines.push(`  ${description?.name} ${sessionText(session)}: ${ending}\n`);
  }
  return lines.join("");
}

/** EndMark.cause of a session that its writer has ended. */
const CLEAN = 0;
