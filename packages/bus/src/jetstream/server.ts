import { WaywardError } from "@wayward/base";
import type { NatsConnection } from "nats";
import type { BusFacts } from "../port.ts";
import { unavailable } from "./streams.ts";

const LEAST_VERSION = [2, 14] as const;

/** What stands behind the connection. `syncAlways` is undefined where nobody tells. */
export interface ServerFacts extends BusFacts {
  readonly syncAlways: boolean | undefined;
}

const MONITOR_MS = 3_000;

/**
 * Reads version and effective sync setting back. Throws BUS_TOO_OLD below
 * 2.14, and if power safety is required BUS_UNAVAILABLE where its monitor gives
 * no answer, BUS_NOT_DURABLE where that does not prove it or none is named.
 */
export async function inspectServer(
  connection: NatsConnection,
  monitorUrl: string | undefined,
  requireDurable: boolean,
): Promise<ServerFacts> {
  const version = connection.info?.version ?? "0";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1])) {
    const message = `nats-server ${version} is too old, ${LEAST_VERSION.join(".")} or later is needed`;
    throw new WaywardError("FAILED_PRECONDITION", "BUS_TOO_OLD", message);
  }
  const { syncAlways, silence } = await readSyncAlways(monitorUrl);
  const warnings: string[] = [];
  if (silence !== undefined) {
    warnings.push(`nobody tells whether nats-server ${version} syncs every write: ${silence}`);
  } else if (syncAlways === undefined) {
    warnings.push(`nobody tells whether nats-server ${version} syncs every write; name its monitoring port`);
  } else if (!syncAlways) {
    warnings.push(
      `nats-server ${version} does not sync every write: a power cut may take acknowledged messages; set jetstream { sync_interval: always }`,
    );
  }
  if (requireDurable && syncAlways !== true) {
    const why = `durability is required, but ${warnings[0]}`;
    // Whoever gives no answer may be starting, or busy: a second try may tell.
    throw silence === undefined ? new WaywardError("FAILED_PRECONDITION", "BUS_NOT_DURABLE", why) : unavailable(why);
  }
  return { name: `nats-server ${version}`, powerSafe: syncAlways === true, isPrivate: false, warnings, syncAlways };
}

/** What the monitor says of it, or why it says nothing. */
interface SyncAnswer {
  readonly syncAlways?: boolean;
  readonly silence?: string;
}

/** `sync_always` is there only when it is on; `sync_interval` says the same in both cases. */
async function readSyncAlways(monitorUrl: string | undefined): Promise<SyncAnswer> {
  if (monitorUrl === undefined) return {};
  const url = new URL("/varz", monitorUrl);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(MONITOR_MS) });
    if (!answer.ok) return { silence: `${url.host} (WAYWARD_NATS_MONITOR) answers with ${answer.status}` };
    const { jetstream } = (await answer.json()) as {
      readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
    };
    return jetstream?.config === undefined ? {} : { syncAlways: jetstream.config.sync_always === true };
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error && cause.message !== "" ? cause.message : message;
    return { silence: `no answer from ${url.host} (WAYWARD_NATS_MONITOR): ${why}` };
  }
}
