/**
 * `npm run e2e:two-hosts`: two programs on two hosts (network namespaces with
 * names of their own) share two distributed locks. First they take them in
 * opposite orders, one after the other: neither alone shows the inversion,
 * both together do, live and from the archive, with the same fingerprint. So
 * does a lock that is held over a call to the other. Then they really hang: the deadlock is told while it lasts. Against the
 * all-in-one, and with `--cluster` against the four services. Ends with code
 * 1 where something does not hold, with 77 where there can be no namespaces.
 */
import { parseArgs } from "node:util";
import { startAllInOne } from "@wayward/all-in-one";
import { createLog } from "@wayward/service-kit";
import { tempFolder } from "@wayward/testing";
import { Cluster } from "../samples/cluster/services.ts";
import { LockServer } from "./two-hosts/lock-server.ts";
import { Host, inOwnNetwork } from "./two-hosts/network.ts";
import { Pair } from "./two-hosts/pair.ts";
import { type Finding, findings, LiveFindings, type Place } from "./two-hosts/told.ts";

const { values } = parseArgs({ options: { cluster: { type: "boolean", default: false } } });
/** What the live analyses may take on a busy machine. */
const LIVE_MS = 15_000;
const HOSTS = "north, south";

let wrong = 0;
function verdict(shape: string, what: string, facts: string, problems: readonly (string | false)[]): void {
  const found = problems.filter((problem) => problem !== false);
  wrong += found.length;
  const said = found.length === 0 ? "ok" : `WRONG: ${found.join("; ")}`;
  process.stdout.write(`${shape.padEnd(14)}${what.padEnd(12)}${facts.padEnd(103)} ${said}\n`);
}

function hostsOf(places: readonly Place[]): string {
  return [...new Set(places.map(({ host }) => host))].sort().join(", ");
}

/** Where each finding's locks are held and taken or waited for. */
function placesOf({ detail: { cycle = [], circle = [] } }: Finding): Place[] {
  return [
    ...cycle.flatMap(({ held, taken }) => [held, taken]),
    ...circle.flatMap(({ holds, waits }) => [holds, waits]),
  ];
}

interface Scene {
  readonly shape: string;
  readonly hosts: readonly [Host, Host];
  readonly locks: LockServer;
  readonly env: NodeJS.ProcessEnv;
  readonly live: LiveFindings;
}

/** An order that two sessions show together, once `act` has been played. `expected` are the functions of all its places: of a lock taken with nothing held, an agent tells where its session did that first. */
async function inversion(
  { shape, hosts, locks, env, live }: Scene,
  what: string,
  act: (pair: Pair) => Promise<void>,
  expected: string,
): Promise<void> {
  await using pair = new Pair(hosts, locks.port, env);
  const sessions = await pair.sessions();
  await act(pair);
  const begun = performance.now();
  const told = await live.of("order.inversion", sessions, LIVE_MS);
  const after = `told after ${Math.round(performance.now() - begun)} ms`;
  const delivered = await pair.end();
  const alone = await Promise.all(
    sessions.map((session) => findings("order.inversion", ["locks", "order", "-s", session], env)),
  );
  const both = sessions.flatMap((session) => ["-s", session]);
  const [found] = await findings("order.inversion", ["locks", "order", ...both], env);
  const places = found === undefined ? [] : placesOf(found);
  const functions = places
    .map((place) => place.function)
    .filter((name) => name !== "")
    .sort();
  verdict(shape, what, `${after}; ${hostsOf(places)}; ${functions.join(", ")}`, [
    !delivered && "not all records were accepted",
    alone.flat().length > 0 && "one session alone shows it",
    found === undefined && "both together do not show it",
    found !== undefined && found.unproven !== "" && `it is unproven: ${found.unproven}`,
    told === undefined && "it is not told live",
    hostsOf(places) !== HOSTS && "not both hosts are named",
    functions.join() !== expected && `the places are not those of ${expected}`,
    !sessions.every((session) => found?.sessions.includes(session)) && "not both sessions are named",
    told?.fingerprint !== found?.fingerprint && `live ${told?.fingerprint}, archive ${found?.fingerprint}`,
  ]);
}

async function deadlock({ shape, hosts, locks, env, live }: Scene): Promise<void> {
  await using pair = new Pair(hosts, locks.port, env);
  const sessions = await pair.sessions();
  await pair.crosswise();
  const begun = performance.now();
  const told = await live.of("live.deadlock", sessions, LIVE_MS);
  const after = `told after ${Math.round(performance.now() - begun)} ms`;
  const waiting = locks.waiting;
  locks.giveUpAll();
  const outcome = await pair.outcome();
  const delivered = await pair.end();
  const found = (await findings("live.deadlock", ["locks", "waits"], env)).find(({ sessions: all }) =>
    sessions.every((session) => all.includes(session)),
  );
  const places = told === undefined ? [] : placesOf(told);
  verdict(shape, "deadlock", `${after}; ${told?.message}`, [
    !delivered && "not all records were accepted",
    told === undefined && "it is not told live",
    told !== undefined && told.unproven !== "" && `it is unproven: ${told.unproven}`,
    waiting !== 2 && `${waiting} programs waited when it was told`,
    outcome !== "not shipped, not counted" && outcome,
    hostsOf(places) !== HOSTS && "not both hosts are named",
    !["ship orders of shipping on north", "count stock of stocktaking on south"].every((lane) =>
      told?.message.includes(lane),
    ) && "not both lanes are named",
    told?.fingerprint !== found?.fingerprint && `live ${told?.fingerprint}, archive ${found?.fingerprint}`,
  ]);
}

async function examine(shape: string, hosts: readonly [Host, Host], servers: Record<string, string>): Promise<void> {
  await using spool = await tempFolder("e2e-spool");
  const locks = await LockServer.start();
  const env = { ...servers, WAYWARD_SPOOL: spool.path };
  const live = new LiveFindings(env);
  try {
    const scene = { shape, hosts, locks, env, live };
    await inversion(scene, "inversion", (pair) => pair.inTurn(), "countStock,countStock,shipOrders,shipOrders");
    await inversion(
      scene,
      "over a call",
      (pair) => pair.asking(),
      "answerStock,askStock,askStock,countStock,countStock",
    );
    await deadlock(scene);
  } finally {
    await live.stop();
    locks.stop();
  }
}

const elsewhere = await inOwnNetwork();
if (elsewhere !== undefined) process.exit(elsewhere);
const hosts = [await Host.start("north", 1), await Host.start("south", 2)] as const;
const host = hosts[0].gateway;
{
  await using data = await tempFolder("e2e-data");
  const log = createLog("warn");
  const up = await startAllInOne({ data: data.path, host, port: 0, httpPort: 0, keepBytes: 0, log });
  try {
    await examine("all-in-one", hosts, { WAYWARD_SERVER: up.address });
  } finally {
    await up.stop();
  }
}
if (values.cluster) {
  const cluster = await Cluster.start({ host });
  try {
    await examine("distributed", hosts, cluster.clientEnv);
  } finally {
    await cluster.stop();
  }
}
await Promise.all(hosts.map((one) => one.stop()));
process.exit(wrong === 0 ? 0 : 1);
