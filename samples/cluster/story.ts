import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Started, sample, wayward } from "./process.ts";

export interface StoryOptions {
  /** Where the servers are: WAYWARD_SERVER, or WAYWARD_INGEST, WAYWARD_QUERY and WAYWARD_STREAM. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of the programs' spools. */
  readonly spool: string;
  /** How long customers order. */
  readonly seconds: number;
  /** Whether the workers take two locks in opposite orders, which the report then tells. */
  readonly fault: boolean;
  /** What to run before the commands that are suggested at the end; undefined suggests none, for nothing is left to ask. */
  readonly before: readonly string[] | undefined;
}

/** Runs the sample programs against a server, shows what arrives, and reports. Throws if a program fails. */
export async function tellStory({ env: servers, spool, seconds, fault, before }: StoryOptions): Promise<void> {
  const run = randomUUID();
  const env = { ...servers, WAYWARD_SPOOL: spool, WAYWARD_RUN: run.replaceAll("-", "") };
  const say = (text: string) => process.stdout.write(`\n${text}\n`);
  const started: Started[] = [];
  const begin = (program: Started) => {
    started.push(program);
    return program;
  };
  try {
    const collector = begin(wayward(["collect", spool], env));
    say("Records as they arrive (`wayward tail`):");
    const tail = begin(wayward(["tail", "--limit", "15", "--kind", "log", "zone.end", "db"], env, true));
    const store = begin(sample("store", [], env));
    const storeUrl = await store.says(/(http:\S+)/, 10_000);
    const workers = begin(sample("workers", [storeUrl, fault ? "fault" : "no-fault"], env));
    const workersUrl = await workers.says(/(http:\S+)/, 10_000);
    const gateway = begin(sample("gateway", [workersUrl, String(seconds)], env));
    const code = await gateway.ended;
    if (code !== 0) throw new Error(`the gateway ended with ${code}`);
    await workers.stop();
    await store.stop();
    await tail.stop();
    await collector.stop();
    const last = wayward(["collect", "--once", spool], env);
    if ((await last.ended) !== 0) throw new Error("not all records were accepted");
    say("Sessions (`wayward sessions`):");
    await shown(["sessions", "--limit", "10"], env);
    say("What they did (`wayward stats`):");
    await shown(["stats", "--run", run], env);
    say("What is wrong with their locks (`wayward locks order`):");
    await shown(["locks", "order", "--run", run], env);
    await compareLive(run, fault, env);
    if (before !== undefined) say(nextCommands(run, before));
  } finally {
    await Promise.all(started.map((program) => program.stop()));
  }
}

/** The live analyses have told the same of the run as its archive does. Throws where they have not. */
async function compareLive(run: string, fault: boolean, env: NodeJS.ProcessEnv): Promise<void> {
  const archived = await faults(["locks", "order", "--run", run], env);
  let live = await faults(["findings", "--run", run], env);
  // The last findings of a program are told as it ends.
  for (let tries = 0; tries < 50 && live.join() !== archived.join(); tries++) {
    await delay(100);
    live = await faults(["findings", "--run", run], env);
  }
  const wanted = fault ? 1 : 0;
  if (live.join() !== archived.join() || archived.length !== wanted) {
    throw new Error(`${wanted} faults are planted, live analysis tells ${live.join()}, the archive ${archived.join()}`);
  }
  const what = fault ? `the same finding ${archived[0]}` : "no error and no warning";
  process.stdout.write(`Live while they ran (\`wayward findings\`) and from the archive: ${what}.\n`);
}

/** Fingerprints of the errors and warnings that a command tells. */
async function faults(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const asked = wayward([...args, "--json"], env);
  if ((await asked.ended) !== 0) throw new Error(`wayward ${args.join(" ")} failed`);
  const lines = asked.output.split("\n").filter((line) => line.startsWith('{"rule"'));
  const findings = lines.map((line) => JSON.parse(line) as { readonly severity: string; readonly fingerprint: string });
  const bad = findings.filter(({ severity }) => severity === "error" || severity === "warning");
  return bad.map(({ fingerprint }) => fingerprint).sort();
}

async function shown(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const code = await wayward(args, env, true).ended;
  if (code !== 0) throw new Error(`wayward ${args.join(" ")} ended with ${code}`);
}

function nextCommands(run: string, before: readonly string[]): string {
  const commands = [
    ...before,
    `npx wayward read --run ${run} --kind log --limit 20`,
    `npx wayward locks waits --run ${run}`,
    `npx wayward stats --run ${run} --by lock --measure wait --sort sum`,
    `npx wayward read --run ${run} --where 'duration > 2ms'`,
    `npx wayward export --run ${run} --output trace.json    # open it in ui.perfetto.dev`,
    "npx wayward run -- node your-program.js",
  ];
  return ["Next:", ...commands.map((command) => `  ${command}`)].join("\n");
}
