import { connect } from "@wayward/client";
import { untilInterrupted } from "../interrupt.ts";
import { gapText } from "../output/coverage.ts";
import { jsonLine } from "../output/json.ts";
import { recordJson, recordLine } from "../output/record.ts";
import { write } from "../output/write.ts";
import { parseCount, type SelectionOptions, selectionOf } from "../selection.ts";
import { tellUnknownNames } from "../why-empty.ts";

export interface TailCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
  readonly first: boolean;
  readonly limit?: string;
}

/** `wayward tail`: records as they happen, until Ctrl-C or `--limit`. Gaps go to stderr. */
export async function tail(options: TailCommand): Promise<void> {
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseCount("--limit", options.limit);
  const client = connect({ server: options.server });
  const watch = client.watch({
    ...selectionOf(options),
    start: options.first ? "first" : "now",
    signal: untilInterrupted(),
  });
  let left = limit;
  try {
    for await (const seen of watch) {
      // What nothing has by now would be waited for in silence.
      if (seen.type === "live") await tellUnknownNames(client, options);
      if (seen.type === "gap") process.stderr.write(`gap ${gapText(seen.gap)}\n`);
      const records = seen.type === "record" ? [seen.record] : seen.type === "fill" ? seen.records : [];
      for (const record of records.slice(0, left)) {
        await write(options.json ? jsonLine(recordJson(record)) : recordLine(record));
      }
      left -= records.length;
      if (left <= 0) break;
    }
  } finally {
    client.close();
  }
}
