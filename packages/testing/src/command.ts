import { execFile } from "node:child_process";

/** How a program ended. */
export interface CommandResult {
  readonly ok: boolean;
  /** What it printed on both outputs, or why it did not start or was stopped. */
  readonly output: string;
}

/** Runs a program to its end, at most `timeoutMs`. Never throws. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: Readonly<Record<string, string>> },
): Promise<CommandResult> {
  const settings = { timeout: options.timeoutMs, env: { ...process.env, ...options.env }, maxBuffer: 16 << 20 };
  return new Promise((resolve) => {
    execFile(program, args, settings, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.trim();
      const late = error?.killed === true ? `stopped after ${options.timeoutMs / 1000} s` : "";
      resolve({ ok: error === null, output: text || late || error?.message || "" });
    });
  });
}

/** The last line that says something, for a list of what was tried. */
export function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1)?.trim().slice(0, 300) ?? "";
}
