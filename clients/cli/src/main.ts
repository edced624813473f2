/** Entry of the `wayward` command: reads the command line, runs one command, and ends with its exit code. */
import { createProgram } from "./program.ts";
import { report } from "./report.ts";

try {
  await createProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}
