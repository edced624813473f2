import { everyAddress } from "./addresses.ts";
import { archivingFinding } from "./archiving.ts";
import { clocksFinding } from "./clocks.ts";
import { diskFinding } from "./disk.ts";
import type { Finding } from "./finding.ts";
import { fullFinding, lagFinding } from "./lag.ts";
import { lookAtNats, type NatsServer, serversFinding, streamsFinding } from "./nats.ts";
import { type ClockReading, lookAtProcess, type ProcessLook, processFinding } from "./process.ts";
import { storeFinding } from "./store.ts";

/** Where a cluster's parts are. */
export interface ClusterPlaces {
  /** HTTP addresses of services, `host:port`; a name may stand for several. */
  readonly http: readonly string[];
  /** Monitoring URLs of NATS servers; a name may stand for several. */
  readonly natsMonitor: readonly string[];
  readonly store: string | undefined;
}

const SERVICES = ["ingest", "archive", "query", "stream"];

/** Looks at everything that a record passes, what others stand on first: the first that fails is the cause. */
export async function* examineCluster(places: ClusterPlaces): AsyncGenerator<Finding> {
  const clocks: ClockReading[] = [];
  yield* examineNats(places.natsMonitor, clocks);
  if (places.store === undefined) {
    yield { hop: "store", ok: true, what: "not looked at: name it in --store, or set WAYWARD_STORE" };
  } else yield await storeFinding(places.store);
  const addresses = [...new Set((await Promise.all(places.http.map(everyAddress))).flat())];
  const looks = await Promise.all(addresses.map(lookAtProcess));
  for (const look of looks) yield processFinding(look);
  yield everyoneFinding(looks);
  const told = looks.filter(({ metrics }) => metrics !== "");
  const texts = told.map(({ metrics }) => metrics);
  yield fullFinding(texts);
  const disk = diskFinding(told);
  if (disk !== undefined) yield disk;
  if (told.length > 0) yield await archivingFinding(told.map(({ address }) => address));
  yield lagFinding(texts);
  yield clocksFinding([...clocks, ...looks.flatMap(({ clock }) => clock ?? [])]);
}

async function* examineNats(urls: readonly string[], clocks: ClockReading[]): AsyncGenerator<Finding> {
  if (urls.length === 0) {
    const what = "not looked at: name the monitoring URLs of all its servers in --nats-monitor";
    yield { hop: "nats", ok: true, what };
    return;
  }
  const every = [...new Set((await Promise.all(urls.map(everyUrl))).flat())];
  const servers: NatsServer[] = [];
  const failed = new Map<string, unknown>();
  for (const url of every) {
    try {
      servers.push(await lookAtNats(url));
    } catch (error) {
      failed.set(url, error);
    }
  }
  clocks.push(...servers.map(({ clock }) => clock));
  yield serversFinding(servers, failed);
  if (servers.length > 0) yield streamsFinding(servers);
}

async function everyUrl(text: string): Promise<string[]> {
  const url = new URL(text);
  const { protocol, host, port } = url;
  // By name, a certificate is of the name.
  if (protocol === "https:") return [text];
  const addresses = await everyAddress(port === "" ? `${host}:80` : host);
  return addresses.map((address) => `${protocol}//${address}`);
}

/** A service that nobody named may be down without anyone telling. */
function everyoneFinding(looks: readonly ProcessLook[]): Finding {
  const present = new Set(looks.flatMap(({ services }) => services));
  const absent = SERVICES.filter((service) => !present.has(service));
  if (absent.length === 0) return { hop: "services", ok: true, what: `${SERVICES.join(", ")} are all there` };
  const fix = "start what does not run, and name the HTTP ports of all services in --metrics";
  return { hop: "services", ok: false, what: `of ${absent.join(", ")} nobody tells anything`, fix };
}
