import type { Apps, Env } from "./apps.ts";

/** Records 1,000 numbers a second until it is told to end; what no server has by then stays in its spool. */
const PROGRAM = `
  const { start } = require("/app/agent/agent.cjs");
  const agent = start({ name: process.argv[1] });
  const log = agent.channel("numbers");
  let sent = 0;
  const timer = setInterval(() => { for (let more = 20; more > 0; more--) log.info("number {}", sent++); }, 20);
  process.on("SIGUSR2", () => { clearInterval(timer); console.log("sent " + sent); agent.stop(); });`;

/** Starts a program that no server may let in. */
export function startTalker(apps: Apps, name: string, env: Env): Promise<void> {
  return apps.start(name, ["node", "-e", PROGRAM, name], env);
}

/** Tells it to end, and waits until it has. */
export async function endTalker(apps: Apps, name: string): Promise<void> {
  await apps.kubectl("exec", name, "--", "node", "-e", `process.kill(1, "SIGUSR2")`);
  await apps.ended(name);
}

/** Brings to ingest what programs have left in the spool of that namespace. Throws what the collector says where it cannot. */
export async function collectLeft(apps: Apps, name: string, env: Env): Promise<void> {
  await apps.start(name, ["node", "/app/lib/main.js", "collect", "/spool", "--once"], env);
  await apps.ended(name);
}
