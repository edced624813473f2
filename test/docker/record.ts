import { setTimeout as delay } from "node:timers/promises";
import { said, trySaid } from "./run.ts";

/** The command, from the repository's root. */
export const WAYWARD = "clients/cli/bin/wayward.mjs";

/**
 * Records samples/hello against the servers that `env` names, from this
 * machine; its session's name is `name`. A published port is there before its
 * service: what a program could not hand over then is pushed as people are told.
 */
export async function recordHello(name: string, env: NodeJS.ProcessEnv): Promise<void> {
  const sample = ["--", process.execPath, "samples/hello/hello.mjs"];
  const run = [process.execPath, WAYWARD, "run", "--name", name, ...sample];
  const told = await said("sh", ["-c", '"$0" "$@" 2>&1', ...run], { env });
  if (/ \d+ blocks? of .* waits? in /.test(told)) await said(process.execPath, [WAYWARD, "collect", "--once"], { env });
}

/** The records of sessions of this name, a line each without what they rest on, asked again until there are some; empty after `withinMs`. */
export async function recordsOf(name: string, env: NodeJS.ProcessEnv, withinMs: number): Promise<string> {
  for (const until = performance.now() + withinMs; performance.now() < until; await delay(100)) {
    const lines = (await trySaid(process.execPath, [WAYWARD, "read", "--json", "--name", name], { env })) ?? "";
    const records = lines.split("\n").filter((line) => line.startsWith('{"time"'));
    if (records.length > 0) return records.join("\n");
  }
  return "";
}
