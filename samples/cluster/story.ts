import { randomUUID } from "node:crypto";
import { type Started, sample, wayward } from "./process.ts";

export interface StoryOptions {
  /** Where the servers are: WAYWARD_SERVER, or WAYWARD_INGEST, WAYWARD_QUERY and WAYWARD_STREAM. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of the programs' spools. */
  readonly spool: string;
  /** How long customers order. */
  readonly seconds: number;
  /** What to run before the commands that are suggested at the end; undefined suggests none, for nothing is left to ask. */
  readonly before: readonly string[] | undefined;
}

/** Runs the sample programs against a server, shows what arrives, and reports. Throws if a program fails. */
export async function tellStory({ env: servers, spool, seconds, before }: StoryOptions): Promise<void> {
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
    const workers = begin(sample("workers", [storeUrl], env));
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
    if (before !== undefined) say(nextCommands(run, before));
  } finally {
    await Promise.all(started.map((program) => program.stop()));
  }
}

async function shown(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const code = await wayward(args, env, true).ended;
  if (code !== 0) throw new Error(`wayward ${args.join(" ")} ended with ${code}`);
}

function nextCommands(run: string, before: readonly string[]): string {
  const commands = [
    ...before,
    `npx wayward read --run ${run} --kind log --limit 20`,
    `npx wayward stats --run ${run} --by lock --measure wait --sort sum`,
    `npx wayward read --run ${run} --where 'duration > 2ms'`,
    `npx wayward export --run ${run} --output trace.json    # open it in ui.perfetto.dev`,
    "npx wayward run -- node your-program.js",
  ];
  return ["Next:", ...commands.map((command) => `  ${command}`)].join("\n");
}
