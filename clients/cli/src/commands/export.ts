import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { connect } from "@wayward/client";
import { PerfettoTrace } from "../export/perfetto.ts";
import { coverageLines, expectSessions } from "../output/coverage.ts";
import { jsonLine } from "../output/json.ts";
import { Printed } from "../output/printed.ts";
import { Progress } from "../output/progress.ts";
import { recordJson } from "../output/record.ts";
import { formOf, parseCount, type SelectionOptions, selectionOf } from "../selection.ts";
import { tellUnknownNames } from "../why-empty.ts";

export interface ExportCommand extends SelectionOptions {
  readonly server?: string;
  readonly format: "perfetto" | "ndjson";
  readonly output?: string;
  readonly limit?: string;
}

/** `wayward export`: to a file or stdout, as fast as that takes it. */
export async function exportRecords(options: ExportCommand): Promise<void> {
  const client = connect({ server: options.server });
  const limit = options.limit === undefined ? undefined : parseCount("--limit", options.limit);
  const printed = new Printed(limit, options.session);
  const answer = client.read({ ...selectionOf(options), limit: printed.asked, form: formOf(options, limit) });
  const progress = new Progress("records exported");
  async function* texts(): AsyncGenerator<string> {
    const trace = new PerfettoTrace();
    if (options.format === "perfetto") yield trace.head();
    for await (const record of answer) {
      progress.add(1);
      if (!printed.add(record)) continue;
      yield options.format === "perfetto" ? trace.events(record) : jsonLine(recordJson(record));
    }
    if (options.format === "perfetto") yield trace.tail();
  }
  try {
    const out = options.output === undefined ? process.stdout : createWriteStream(options.output);
    await pipeline(gathered(texts()), out, { end: options.output !== undefined });
    if (answer.coverage?.records === 0n) await tellUnknownNames(client, options);
  } finally {
    progress.end();
    client.close();
  }
  expectSessions(answer.coverage, options.session);
  if (answer.coverage !== undefined) process.stderr.write(coverageLines(answer.coverage, printed));
}

/** Joins small pieces: a system call for each would cost more than the rest. */
async function* gathered(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held: string[] = [];
  let size = 0;
  for await (const piece of pieces) {
    held.push(piece);
    size += piece.length;
    if (size < 64 * 1024) continue;
    yield held.join("");
    held = [];
    size = 0;
  }
  yield held.join("");
}
