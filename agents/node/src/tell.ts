/** Lines that one process gets from the agent at most: a program's own output must stay readable. */
const LINES_MAX = 20;

let lines = 0;

/** Says something to the people who run the program. Never throws. */
export function tell(message: string): void {
  if (++lines > LINES_MAX) return;
  try {
    process.stderr.write(`wayward: ${message.replaceAll("\n", " ")}\n`);
  } catch {
    // Nobody reads it.
  }
}
