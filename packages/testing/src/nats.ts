import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { needBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { answersOk, logTail, type ServerProcess, startServer } from "./server-process.ts";
import { type TempFolder, tempFolder } from "./temp.ts";
import { until } from "./until.ts";

/** Settings of a server for tests. */
export interface NatsOptions {
  /** Sync every write before it is acknowledged (default true), as production does. */
  readonly syncAlways?: boolean;
  /** Lines added at the end of the configuration file. */
  readonly config?: string;
  /** Let in only who names user `app` and password `app` (default false). */
  readonly login?: boolean;
  /** Lines added inside its `jetstream` block, such as `max_file_store: 64MB`. */
  readonly jetstream?: string;
}

/** A running nats-server with JetStream. Clients need no user name unless it was told to ask for one. */
export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  /** `http://127.0.0.1:<port>`: `/varz`, `/jsz`, `/healthz`. */
  readonly monitorUrl: string;
  /** A user of the system account. */
  readonly system: { readonly user: string; readonly pass: string };
  readonly folder: string;
  readonly pid: number;
  /** Ends it without warning. Its data stay. */
  kill(): Promise<void>;
  /** Starts it again with the same ports and data, after an orderly end if it still runs. */
  restart(): Promise<void>;
  /** Ends it and removes its folder; after a crash the folder stays and its log's end is printed. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const SYSTEM = { user: "sys", pass: "sys" } as const;
const PORT_TRIES = 3;
const READY_MS = 60_000;

interface Node {
  readonly name: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly routePort: number;
}

/** Starts one server and waits until JetStream is ready. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  const program = await needBinary("nats-server");
  return onFreePorts(async () => startNode(program, await chooseNode(0), [], await tempFolder("nats"), options));
}

/** Starts anew where another process has taken one of the ports since they were chosen. */
async function onFreePorts<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === PORT_TRIES || !`${error}`.includes("address already in use")) throw error;
    }
  }
}

/** Starts `size` servers as one cluster and waits until its leader has heard of all of them. */
export async function startNatsCluster(size = 3, options: NatsOptions = {}): Promise<NatsCluster> {
  const program = await needBinary("nats-server");
  return onFreePorts(() => startNodes(program, size, options));
}

async function startNodes(program: string, size: number, options: NatsOptions): Promise<NatsCluster> {
  const nodes = await Promise.all(Array.from({ length: size }, (_, i) => chooseNode(i)));
  const starting = nodes.map(async (node) =>
    startNode(program, node, nodes, await tempFolder(`nats-${node.name}`), options),
  );
  const outcomes = await Promise.allSettled(starting);
  const servers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    const failed = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [`${outcome.reason}`] : []));
    if (failed.length > 0) throw new Error(failed.join("\n"));
    await until("the servers are one cluster", () => areOne(servers), { withinMs: READY_MS, everyMs: 25 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, urls: servers.map(({ url }) => url), stop, [Symbol.asyncDispose]: stop };
}

/** Several servers that keep one set of streams. */
export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  readonly urls: readonly string[];
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function chooseNode(index: number): Promise<Node> {
  const [port, monitorPort, routePort] = [await freePort(), await freePort(), await freePort()];
  return { name: `n${index + 1}`, port, monitorPort, routePort };
}

async function startNode(
  program: string,
  node: Node,
  cluster: readonly Node[],
  folder: TempFolder,
  options: NatsOptions,
): Promise<NatsServer> {
  const configFile = join(folder.path, "nats.conf");
  const logFile = join(folder.path, "nats.log");
  const monitorUrl = `http://127.0.0.1:${node.monitorPort}`;
  await mkdir(join(folder.path, "data"));
  await writeFile(configFile, configText(node, cluster, join(folder.path, "data"), options));
  const start = () =>
    startServer({
      name: "nats-server",
      program,
      args: ["-c", configFile],
      logFile,
      ready: async () => (await answersOk(`${monitorUrl}/healthz`)) && (cluster.length === 0 || hasLeader(monitorUrl)),
      timeoutMs: READY_MS,
    });
  return handle(node, folder, monitorUrl, logFile, start, await start());
}

function handle(
  node: Node,
  folder: TempFolder,
  monitorUrl: string,
  logFile: string,
  start: () => Promise<ServerProcess>,
  first: ServerProcess,
): NatsServer {
  let server = first;
  let killed = false;
  const stop = async () => {
    if (!server.running && !killed) {
      process.stderr.write(`nats-server (${folder.path}) ended by itself:\n${await logTail(logFile)}\n`);
      return;
    }
    await server.end("SIGTERM");
    await folder.remove();
  };
  return {
    url: `nats://127.0.0.1:${node.port}`,
    monitorUrl,
    system: SYSTEM,
    folder: folder.path,
    get pid() {
      return server.pid;
    },
    async kill() {
      killed = true;
      await server.end("SIGKILL");
    },
    async restart() {
      await server.end("SIGTERM");
      server = await start();
      killed = false;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function configText(node: Node, cluster: readonly Node[], dataFolder: string, options: NatsOptions): string {
  const sync = options.syncAlways === false ? "" : "sync_interval: always";
  const routes = cluster.map(({ routePort }) => `nats://127.0.0.1:${routePort}`).join(", ");
  const lines = [
    `server_name: ${node.name}`,
    `listen: "127.0.0.1:${node.port}"`,
    `http: "127.0.0.1:${node.monitorPort}"`,
    "max_payload: 8MB",
    `jetstream { store_dir: "${dataFolder}", max_file_store: 4GB, ${sync}\n${options.jetstream ?? ""}\n}`,
    "accounts {",
    `  SYS: { users: [ { user: ${SYSTEM.user}, password: ${SYSTEM.pass} } ] }`,
    "  APP: { jetstream: enabled, users: [ { user: app, password: app } ] }",
    "}",
    "system_account: SYS",
    options.login === true ? "" : "no_auth_user: app",
    cluster.length === 0 ? "" : `cluster { name: C1, listen: "127.0.0.1:${node.routePort}", routes: [ ${routes} ] }`,
    options.config ?? "",
  ];
  return `${lines.join("\n")}\n`;
}

async function hasLeader(monitorUrl: string): Promise<boolean> {
  const leader = (await metaGroup(monitorUrl))?.leader ?? "";
  return leader !== "";
}

/** All name one leader, and it has heard from each of the others lately: until then a stream finds no room for copies. */
async function areOne(servers: readonly NatsServer[]): Promise<boolean> {
  const groups = await Promise.all(servers.map(({ monitorUrl }) => metaGroup(monitorUrl)));
  const hears = (group: MetaGroup | undefined) =>
    group?.replicas?.filter(({ current, offline }) => current && offline !== true).length === servers.length - 1;
  return new Set(groups.map((group) => group?.leader)).size === 1 && groups.some(hears);
}

/** What a server tells of the group that keeps the list of streams; only its leader hears from all others. */
async function metaGroup(monitorUrl: string): Promise<MetaGroup | undefined> {
  const response = await fetch(`${monitorUrl}/jsz`, { signal: AbortSignal.timeout(2_000) });
  const answer = (await response.json()) as { readonly meta_cluster?: MetaGroup };
  return answer.meta_cluster;
}

interface MetaGroup {
  readonly leader?: string;
  readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[];
}
