/**
 * `npm run e2e:server -- --requests 200000`: `wayward run` on a fastify server
 * that nobody instrumented, under autocannon, against the all-in-one and
 * against the four services on real servers. Each request that was answered
 * must be read back as one zone, in the records and in the counts, and
 * `wayward check` must end with 0. Then the program is killed under load, and
 * the read must say so. Ends with code 1 where something does not hold.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "@wayward/client";
import { installPackages, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster } from "../samples/cluster/services.ts";
import { Load } from "./real-server/load.ts";
import { Program } from "./real-server/program.ts";
import { type Recorded, recorded } from "./real-server/recorded.ts";

const { values } = parseArgs({ options: { requests: { type: "string", default: "200000" } } });
const PATH = "/hello/ann";
const ZONE = `GET ${PATH}`;
/** Load before the kill: some thousand answers and many intervals of the agent. */
const KILL_AFTER_MS = 2_000;
/** What a kill may cost: the agent's interval of 50 ms, and how late it comes on a busy machine. */
const LOST_MS = 500;

let wrong = 0;
function verdict(problems: readonly (string | false)[]): string {
  const found = problems.filter((problem) => problem !== false);
  wrong += found.length;
  return found.length === 0 ? "ok" : `WRONG: ${found.join("; ")}`;
}

function row(shape: string, ...cells: readonly (string | number)[]): void {
  const columns = cells.map((cell) => String(cell).padEnd(12));
  process.stdout.write(`${shape.padEnd(20)}${columns.join("").trimEnd()}\n`);
}

/** Brings what `wayward run` left in the spool, and tells what can be read. */
async function readBack(name: string, env: NodeJS.ProcessEnv): Promise<Recorded> {
  const collected = await wayward(["collect", "--once"], env, true).ended;
  if (collected !== 0) throw new Error(`wayward collect --once ended with ${collected}`);
  const client = connect({ server: env.WAYWARD_QUERY ?? env.WAYWARD_SERVER });
  try {
    return await recorded(client, name, ZONE);
  } finally {
    client.close();
  }
}

/** What `wayward check` says of a session: its exit code, and the line that counts. */
async function checked(session: string, env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  const check = wayward(["check", "-s", session], env);
  const code = await check.ended;
  const found = check.output.match(/^(?:no|\d+) findings?.*$/m)?.[0];
  return { code, said: found ?? check.output.trim() };
}

/** All requests are answered, the program ends, all zones are there, nothing is wrong with locks. */
async function served(shape: string, env: NodeJS.ProcessEnv, requests: number): Promise<void> {
  await using program = new Program("served", env);
  const url = `${await program.url()}${PATH}`;
  const begun = performance.now();
  const { answered, failed } = await new Load(url, requests).answers();
  const seconds = (performance.now() - begun) / 1000;
  const code = await program.end();
  const { session, zones, counted, records, coverage } = await readBack("served", env);
  const check = await checked(session, env);
  const said = verdict([
    answered !== requests && `${failed} of ${requests} requests were not answered`,
    zones !== answered && `${answered - zones} zones are missing in the records`,
    counted !== answered && `${answered - counted} zones are missing in the counts`,
    !coverage.complete && `the answer is not complete: ${coverage.gaps.map(({ message }) => message).join(", ")}`,
    code !== 0 && `the program ended with ${code}`,
    check.code !== 0 && `wayward check ended with ${check.code}: ${check.said}`,
  ]);
  row(shape, answered, zones, counted, records, seconds.toFixed(1), check.code, said);
  process.stdout.write(`  check: ${check.said}\n`);
}

/** The program is killed under load: the read has what was flushed, and says how it ended. */
async function killed(shape: string, env: NodeJS.ProcessEnv): Promise<void> {
  await using program = new Program("killed", env);
  const load = new Load(`${await program.url()}${PATH}`, 1e9);
  await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS));
  const killedAt = BigInt(Date.now()) * 1_000_000n;
  const code = await program.kill();
  const { answered } = await load.answers();
  const { zones, counted, records, last } = await readBack("killed", env);
  const lost = Math.round(Number(killedAt - last) / 1e6);
  const read = wayward(["read", "--name", "killed", "--kind", "log"], env);
  await read.ended;
  const end = await read.says(/gap (UNCLEAN_END.*)/, 0).catch(() => "no gap UNCLEAN_END");
  const said = verdict([
    !end.startsWith("UNCLEAN_END") && end,
    code !== 137 && `the program ended with ${code}`,
    zones === 0 && "nothing was read",
    lost > LOST_MS && `the last ${lost} ms are missing`,
    counted !== zones && `${counted} zones in the counts`,
  ]);
  row(shape, answered, zones, counted, records, (KILL_AFTER_MS / 1000).toFixed(1), "-", said);
  process.stdout.write(`  last record ${lost} ms before the kill; the read ends: ${end}\n`);
}

async function examine(shape: string, servers: Readonly<Record<string, string>>): Promise<void> {
  await using spool = await tempFolder("e2e-spool");
  const env = { ...servers, WAYWARD_SPOOL: spool.path };
  await served(shape, env, Number(values.requests));
  await killed(`${shape}, killed`, env);
}

installPackages(join(import.meta.dirname, "real-server"));
row("shape", "answered", "zones read", "counted", "records", "seconds", "check", "verdict");
{
  await using data = await tempFolder("e2e-data");
  const up = wayward(["up", "--data", data.path, "--port", "0", "--http-port", "0"], {});
  try {
    await examine("all-in-one", { WAYWARD_SERVER: await up.says(/gRPC at (\S+?),/, 20_000) });
  } finally {
    await up.stop();
  }
}
const cluster = await Cluster.start();
try {
  await examine("distributed", cluster.clientEnv);
} finally {
  await cluster.stop();
}
process.exit(wrong === 0 ? 0 : 1);
