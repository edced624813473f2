/**
 * `npm run e2e:docker`: the images and docker-compose.yml on a real engine.
 * Builds the images on a base of this machine, since no registry need be
 * reachable, looks at each, brings the default up, records a program, reads
 * it back, takes everything down and up again and finds it still there; the
 * same of the profiles `demo` and `cluster`, whose Prometheus is asked what
 * dashboards ask; and then of all of it with keys and TLS. Then come the tests
 * of packages/testcontainers, which are skipped where there is no engine.
 *
 * Takes the engine that answers, else starts Debian's as root, in a network
 * and with mounts of its own; `--install` has apt install it. Ends with 1
 * where something does not hold, with 77 where there can be no engine.
 */
import { parseArgs } from "node:util";
import { findBinary, tempFolder } from "@wayward/testing";
import { closed } from "./docker/closed.ts";
import { composeCommand, Project } from "./docker/compose.ts";
import { type Engine, runningEngine, startEngine, whyNoEngine } from "./docker/engine.ts";
import { hardened } from "./docker/hardened.ts";
import { buildImages } from "./docker/images.ts";
import { monitored } from "./docker/monitored.ts";
import { recordHello, recordsOf } from "./docker/record.ts";
import { row, secondsSince, wrongRows } from "./docker/rows.ts";
import { SERVERS, serverImages } from "./docker/servers.ts";
import { testcontainers } from "./docker/testcontainers.ts";
import { inOwnNetwork, SKIPPED } from "./two-hosts/network.ts";

const { values } = parseArgs({ options: { install: { type: "boolean", default: false } } });
/** From `compose up` to the first record read back. */
const FIRST_RECORD_S = 15;
const READ_MS = 60_000;
/** All that is started here ends with this process, containers included, and its mounts with it. */
const OWN_PROCESSES = ["--mount", "--pid", "--fork", "--mount-proc"];
const CLUSTER = ["nats", "s3", "ingest", "archive", "query", "stream"];

function skip(why: string): never {
  process.stderr.write(`\n!!! SKIPPED: images and compose are not tried: ${why}\n`);
  process.exit(SKIPPED);
}

/** One shape of the system, and who asks it. */
interface Shape {
  readonly name: string;
  readonly project: Project;
  readonly services: readonly string[];
  /** Where its servers are. */
  readonly env: NodeJS.ProcessEnv;
}

/** Up, a record in and out, down, up, and the same records out. */
async function keeps({ name, project, services, env }: Shape): Promise<void> {
  const begun = performance.now();
  await project.up(...services);
  const upS = secondsSince(begun);
  await recordHello(name, env);
  const first = await recordsOf(name, env, READ_MS);
  const readS = secondsSince(begun);
  const records = first === "" ? 0 : first.split("\n").length;
  row(`${name}: a record`, `up in ${upS.toFixed(1)} s, ${records} lines read back after ${readS.toFixed(1)} s`, [
    records === 0 && "nothing is read back",
    readS > FIRST_RECORD_S && `later than ${FIRST_RECORD_S} s`,
  ]);
  const ending = performance.now();
  await project.down();
  const endedS = secondsSince(ending);
  const left = await project.containers();
  await project.up(...services);
  const again = await recordsOf(name, env, READ_MS);
  row(`${name}: down and up`, `down in ${endedS.toFixed(1)} s, then ${again.split("\n").length} lines`, [
    left.length > 0 && `${left.length} containers are left`,
    again !== first && "other records than before",
  ]);
}

/** Every process killed without warning: the engine starts each again, and what was accepted is there. */
async function survivesKills({ name, project, env }: Shape): Promise<void> {
  await recordHello(`${name}-kept`, env);
  const before = await recordsOf(`${name}-kept`, env, READ_MS);
  const killed = await project.containers();
  for (const { State } of killed) process.kill(State.Pid, "SIGKILL");
  const begun = performance.now();
  const after = await recordsOf(`${name}-kept`, env, READ_MS);
  const readS = secondsSince(begun);
  const restarted = (await project.containers()).filter(({ RestartCount }) => RestartCount > 0);
  row(`${name}: kill -9 of all`, `${restarted.length} started again, read after ${readS.toFixed(1)} s`, [
    restarted.length !== killed.length && `${killed.length} were killed`,
    (before === "" || after !== before) && "other records than before",
  ]);
}

async function examine({ env: engineEnv, own }: Engine, compose: readonly string[]): Promise<void> {
  await buildImages(engineEnv);
  const servers = await serverImages(engineEnv);
  const project = await Project.create(compose, { ...engineEnv, ...(typeof servers === "string" ? {} : servers) });
  await using spool = await tempFolder("e2e-spool");
  const common = { WAYWARD_SPOOL: spool.path };
  try {
    const env = { ...common, WAYWARD_SERVER: project.address("PORT") };
    const single = { name: "default", project, services: ["wayward"], env };
    await keeps(single);
    if (own) await survivesKills(single);
    const told = await project.wayward({}, "sessions", "--json");
    row("default: a command", "wayward sessions, by the image", [!told.includes('"default"') && `it tells ${told}`]);
    await project.up("demo");
    const sold = await recordsOf("shop", env, READ_MS);
    row("demo", "the sample producer", [sold === "" && "nothing of it is read"]);
    await hardened("demo", project);
    await project.down(true);
    if (typeof servers === "string") {
      isWhole = false;
      process.stderr.write(`\n!!! SKIPPED: the profile cluster is not tried: ${servers}\n`);
    } else {
      const env = {
        ...common,
        WAYWARD_INGEST: project.address("INGEST_PORT"),
        WAYWARD_QUERY: project.address("QUERY_PORT"),
        WAYWARD_STREAM: project.address("STREAM_PORT"),
      };
      const cluster = { name: "cluster", project, services: CLUSTER, env };
      await keeps(cluster);
      if (own) await survivesKills(cluster);
      await monitored("cluster", project, env);
      await hardened("cluster", project);
      process.stderr.write("!!! Grafana of the profile cluster is not tried: no package holds it\n");
    }
  } finally {
    await project.down(true);
  }
  if (typeof servers === "string") return;
  await closed({ ...engineEnv, ...servers }, compose);
  await testcontainers({ ...engineEnv, ...servers });
}

let isWhole = true;
const compose = await composeCommand();
const running = await runningEngine();
if (running === undefined) {
  const why = await whyNoEngine(values.install);
  if (why !== undefined) skip(why);
  // Inside there is no way out to fetch one by.
  for (const { tool } of SERVERS) await findBinary(tool);
  const elsewhere = await inOwnNetwork(OWN_PROCESSES);
  if (elsewhere !== undefined) process.exit(elsewhere);
}
if (compose === undefined) skip("there is no docker compose and no docker-compose");
const begun = performance.now();
const engine = running ?? (await startEngine());
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void engine.stop().finally(() => process.exit(1)));
}
try {
  await examine(engine, compose);
} finally {
  await engine.stop();
}
process.stdout.write(`${wrongRows()} wrong, ${secondsSince(begun).toFixed(0)} s\n`);
if (wrongRows() > 0) process.exit(1);
// A part that was left out is no success.
process.exit(isWhole ? 0 : SKIPPED);
