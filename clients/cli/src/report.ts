import { isLasting, WaywardError } from "@wayward/base";
import { CommanderError } from "commander";
import { EXIT, exitCodeFor } from "./exit.ts";

/** Says on stderr what went wrong, in one line with its reason; tells the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version arrive here too, with 0; commander has written its text.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (isBrokenPipe(error)) return EXIT.ok;
  const known = WaywardError.from(error);
  const reason = known.reason === "UNEXPECTED" ? "" : ` [${known.reason}]`;
  process.stderr.write(`wayward: ${known.message}${reason}\n`);
  if (known.reason === "UNEXPECTED" && process.env.WAYWARD_DEBUG && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  return isLasting(known.reason) ? EXIT.config : exitCodeFor(known.code);
}

/** The reader of our output has gone, as `head` does. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
