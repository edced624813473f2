import { execFile } from "node:child_process";

/** What a program has said on stdout, without the last line's end. Throws with what it said on stderr if it fails, or after `withinMs`. */
export function said(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly withinMs?: number; readonly cwd?: string } = {},
): Promise<string> {
  const { env = {}, withinMs = 120_000, cwd } = options;
  const settings = { env: { ...process.env, ...env }, timeout: withinMs, maxBuffer: 64 << 20, ...(cwd && { cwd }) };
  return new Promise((resolve, reject) => {
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout.trimEnd());
      const why = error.killed ? `stopped after ${withinMs} ms` : error.message;
      reject(new Error(`${[program, ...args].join(" ")}: ${stderr.trim() || why}`));
    });
  });
}

/** The same, and undefined where it fails. */
export async function trySaid(...call: Parameters<typeof said>): Promise<string | undefined> {
  return said(...call).catch(() => undefined);
}
