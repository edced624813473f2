import { delay } from "@wayward/base";
import { type Started, sample, wayward } from "../../samples/cluster/process.ts";
import type { Cluster } from "../../samples/cluster/services.ts";

/** How long the store stays away: longer than an archiver gathers, so that commits fail. */
const STORE_AWAY_MS = 15_000;

/** Questions as people ask them; one is wrong, by its asker. */
const QUESTIONS = [
  ["sessions"],
  ["stats"],
  ["read", "--limit", "20"],
  ["kinds"],
  ["locks", "order"],
  ["read", "--where", "level >= nothing"],
];

/**
 * Puts a cluster to work: three programs that take locks in opposite orders,
 * an observer, one question after the other, and a store that goes away for a
 * while. Ends when all of it has happened.
 */
export async function putToWork(cluster: Cluster, spool: string, seconds: number): Promise<void> {
  const env = { ...cluster.clientEnv, WAYWARD_SPOOL: spool };
  const started: Started[] = [];
  const begin = (program: Started) => {
    started.push(program);
    return program;
  };
  try {
    begin(wayward(["collect", spool], env));
    begin(wayward(["tail"], env));
    const store = begin(sample("store", [], env));
    const workers = begin(sample("workers", [await store.says(/(http:\S+)/, 10_000), "fault"], env));
    const gateway = begin(sample("gateway", [await workers.says(/(http:\S+)/, 10_000), `${seconds}`], env));
    const asking = askUntil(gateway.ended, env);
    await delay((seconds * 1000) / 3);
    await cluster.s3.kill();
    await delay(STORE_AWAY_MS);
    await cluster.s3.restart();
    const code = await gateway.ended;
    if (code !== 0) throw new Error(`the gateway ended with ${code}: ${gateway.output}`);
    await asking;
  } finally {
    await Promise.all(started.map((program) => program.stop()));
  }
}

async function askUntil(end: Promise<unknown>, env: NodeJS.ProcessEnv): Promise<void> {
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  // Each once at least, however slow this machine is.
  for (let next = 0; !ended || next < QUESTIONS.length; next++)
    await wayward(QUESTIONS[next % QUESTIONS.length]!, env).ended;
}
