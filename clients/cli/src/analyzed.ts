import { type Analyzed, type AnalyzeOptions, type Client, connect } from "@wayward/client";
import { coverageLines, expectSessions } from "./output/coverage.ts";
import { jsonLine } from "./output/json.ts";
import { ShareProgress } from "./output/progress.ts";
import { write } from "./output/write.ts";
import { type SelectionOptions, selectionOf } from "./selection.ts";
import { ShownFindings } from "./suppressions/shown.ts";

/** Options of every command that runs analyses. */
export interface AnalyzeCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
}

/** Runs the analyses over the chosen sessions, with progress where it takes long. Throws NO_SESSION. */
export async function analyze(options: AnalyzeCommand, wanted: AnalyzeOptions): Promise<Analyzed> {
  const client: Client = connect({ server: options.server });
  const progress = new ShareProgress("blocks analysed");
  try {
    const answer = await client.analyze({ ...selectionOf(options), ...wanted }, (done, all) =>
      progress.show(done, all),
    );
    expectSessions(answer.coverage, options.session);
    return answer;
  } finally {
    progress.end();
    client.close();
  }
}

/** Options of the commands that show findings of analyses. */
export interface FindingsCommand extends AnalyzeCommand {
  /** Suppressed ones too. */
  readonly all?: boolean;
}

/** Findings to stdout, worst first; how many are suppressed to stderr. */
export async function printFindings({ findings }: Analyzed, options: FindingsCommand): Promise<void> {
  const client = connect({ server: options.server });
  const printed = new ShownFindings(client, options);
  try {
    for (const finding of findings) await printed.add(finding);
  } finally {
    client.close();
  }
  if (printed.shown === 0 && !options.json) await write("nothing found\n");
  printed.note();
}

/** What the answer rests on, and what was not tracked: to stderr, or as the last line of JSON. */
export async function printRests({ coverage, leftOut }: Analyzed, { json }: AnalyzeCommand): Promise<void> {
  if (json) {
    await write(jsonLine({ coverage, left_out: leftOut }));
    return;
  }
  process.stderr.write(coverageLines(coverage));
  for (const [what, count] of Object.entries(leftOut)) process.stderr.write(`  not tracked: ${count} ${what}\n`);
}
