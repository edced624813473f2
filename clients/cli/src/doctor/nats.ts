import type { Finding } from "./finding.ts";
import { type ClockReading, reasonOf } from "./process.ts";

/** What one NATS server tells on its monitoring port, as far as it matters here. */
export interface NatsServer {
  readonly name: string;
  readonly version: string;
  /** Undefined where it has no JetStream. */
  readonly syncAlways: boolean | undefined;
  /** Servers that keep streams together; 1 without a cluster. */
  readonly clusterSize: number;
  readonly streams: readonly NatsStream[];
  readonly clock: ClockReading;
}

interface NatsStream {
  readonly name: string;
  readonly copies: number;
  /** Empty where nobody leads; undefined where the server is alone. */
  readonly leader: string | undefined;
  /** Servers whose copy is behind, by what this one sees; right if it leads. */
  readonly behind: readonly string[];
}

const WITHIN_MS = 3_000;
const LEAST_VERSION = [2, 14] as const;
/** Streams of ours: wm-0 …, wm-topics, wm-watermarks. */
const OURS = /^wm-/;
/** From so many servers on, one copy is a choice that a lost disk makes regrettable. */
const CLUSTER_LEAST = 3;

/** Asks a server at its monitoring URL. Throws what fetch throws. */
export async function lookAtNats(url: string): Promise<NatsServer> {
  const begun = Date.now();
  const varz = await get(url, "/varz");
  const ended = Date.now();
  const jsz = await get(url, "/jsz?streams=1&config=1");
  const name = String(varz.server_name ?? varz.server_id);
  const aheadMs = Date.parse(String(varz.now)) - (begun + ended) / 2;
  const streams = (jsz.account_details ?? []).flatMap(({ stream_detail = [] }) => stream_detail.map(streamOf));
  return {
    name,
    version: String(varz.version),
    syncAlways: varz.jetstream?.config === undefined ? undefined : varz.jetstream.config.sync_always === true,
    clusterSize: varz.jetstream?.meta?.cluster_size ?? 1,
    streams: streams.filter((stream) => OURS.test(stream.name)),
    clock: { of: `nats ${name}`, aheadMs, uncertaintyMs: (ended - begun) / 2 },
  };
}

/** Says whether each server is there, new enough, and syncs what it acknowledges. */
export function serversFinding(servers: readonly NatsServer[], failed: ReadonlyMap<string, unknown>): Finding {
  const hop = "nats";
  const seen = servers.map(({ name, version }) => `${name} ${version}`).join(", ");
  const bad = (what: string, fix: string) => ({ hop, ok: false, what, fix });
  for (const [url, error] of failed) {
    const others = seen === "" ? "" : `; there are ${seen}`;
    return bad(`${url} does not answer: ${reasonOf(error)}${others}`, "start that server, or correct --nats-monitor");
  }
  for (const { name, version, syncAlways } of servers) {
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
      return bad(`${name} is ${version}`, `upgrade it: ${LEAST_VERSION.join(".")} or later is needed`);
    if (syncAlways === undefined) return bad(`${name} has no JetStream`, "set jetstream { … } in its configuration");
    if (!syncAlways) {
      const what = `${name} does not sync every write: a power cut takes what it has acknowledged`;
      return bad(what, "set jetstream { sync_interval: always } there, and restart it");
    }
  }
  const size = Math.max(...servers.map(({ clusterSize }) => clusterSize));
  if (servers.length < size) {
    const what = `of ${size} servers ${servers.length} were asked: ${seen}`;
    return bad(what, "name the monitoring URLs of all in --nats-monitor; the others may be down, or not sync");
  }
  return { hop, ok: true, what: `${seen}: each syncs every write` };
}

/** Says whether every stream of ours has a leader and copies that are current. */
export function streamsFinding(servers: readonly NatsServer[]): Finding {
  const hop = "streams";
  const bad = (what: string, fix: string) => ({ hop, ok: false, what, fix });
  const size = Math.max(...servers.map(({ clusterSize }) => clusterSize));
  const names = new Set(servers.flatMap(({ streams }) => streams.map(({ name }) => name)));
  if (names.size === 0) return bad("NATS has no stream of ours", "start a service: it makes them");
  let copies = Number.POSITIVE_INFINITY;
  for (const name of [...names].sort()) {
    const views = servers.flatMap((server) =>
      server.streams.filter((one) => one.name === name).map((one) => ({ server, one })),
    );
    // Only who leads knows how far the others are.
    const led = views.find(({ server, one }) => one.leader === undefined || one.leader === server.name);
    if (led === undefined) {
      const fix = "bring the servers that are down back: more than half of a stream's copies are needed";
      return bad(`stream ${name} has no leader among the servers that were asked`, fix);
    }
    const { behind } = led.one;
    if (behind.length > 0) {
      const what = `the copy of stream ${name} on ${behind.join(", ")} is behind`;
      return bad(what, "wait until it has caught up before another server is touched; if it does not, look at its log");
    }
    copies = Math.min(copies, led.one.copies);
  }
  if (size >= CLUSTER_LEAST && copies < CLUSTER_LEAST) {
    const what = `there are ${size} servers and a stream with ${copies === 1 ? "one copy" : `${copies} copies`}`;
    const fix = "WAYWARD_BUS_REPLICAS=3 for new streams, nats stream edit --replicas 3 for these";
    return bad(what, fix);
  }
  const kept = copies === 1 ? "one copy: a lost disk is a lost bus" : `${copies} copies, all current`;
  return { hop, ok: true, what: `${names.size} streams, ${kept}` };
}

/** An answer of /varz or /jsz: nothing in it is certain to be there. */
interface Told {
  readonly server_name?: string;
  readonly server_id?: string;
  readonly version?: string;
  readonly now?: string;
  readonly jetstream?: {
    readonly config?: { readonly sync_always?: boolean };
    readonly meta?: { readonly cluster_size?: number };
  };
  readonly account_details?: readonly { readonly stream_detail?: readonly ToldStream[] }[];
}

interface ToldStream {
  readonly name: string;
  readonly config?: { readonly num_replicas?: number };
  readonly cluster?: {
    readonly leader?: string;
    readonly replicas?: readonly { readonly name: string; readonly current: boolean; readonly offline?: boolean }[];
  };
}

function streamOf({ name, config, cluster }: ToldStream): NatsStream {
  const behind = (cluster?.replicas ?? []).filter(({ current, offline }) => !current || offline === true);
  return {
    name,
    copies: config?.num_replicas ?? 1,
    leader: cluster === undefined ? undefined : (cluster.leader ?? ""),
    behind: behind.map((replica) => replica.name),
  };
}

async function get(url: string, path: string): Promise<Told> {
  const answer = await fetch(new URL(path, url), { signal: AbortSignal.timeout(WITHIN_MS) });
  return (await answer.json()) as Told;
}
