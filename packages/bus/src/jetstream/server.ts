import { WaywardError } from "@wayward/base";
import type { NatsConnection } from "nats";
import type { BusFacts } from "../port.ts";

const LEAST_VERSION = [2, 14] as const;

/** What stands behind the connection. `syncAlways` is undefined where nobody tells. */
export interface ServerFacts extends BusFacts {
  readonly syncAlways: boolean | undefined;
}

/**
 * Reads version and effective sync setting back. Throws BUS_TOO_OLD below
 * 2.14, and BUS_NOT_DURABLE if power safety is required and not proven.
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
  const syncAlways = await readSyncAlways(monitorUrl);
  const warnings: string[] = [];
  if (syncAlways === undefined) {
    warnings.push(`nobody tells whether nats-server ${version} syncs every write; name its monitoring port`);
  } else if (!syncAlways) {
    warnings.push(
      `nats-server ${version} does not sync every write: a power cut may take acknowledged messages; set jetstream { sync_interval: always }`,
    );
  }
  if (requireDurable && syncAlways !== true) {
    throw new WaywardError("FAILED_PRECONDITION", "BUS_NOT_DURABLE", `durability is required, but ${warnings[0]}`);
  }
  return { name: `nats-server ${version}`, powerSafe: syncAlways === true, isPrivate: false, warnings, syncAlways };
}

/** `sync_always` is there only when it is on; `sync_interval` says the same in both cases. */
async function readSyncAlways(monitorUrl: string | undefined): Promise<boolean | undefined> {
  if (monitorUrl === undefined) return undefined;
  try {
    const answer = await fetch(new URL("/varz", monitorUrl), { signal: AbortSignal.timeout(3_000) });
    const { jetstream } = (await answer.json()) as {
      readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
    };
    return jetstream?.config === undefined ? undefined : jetstream.config.sync_always === true;
  } catch {
    return undefined;
  }
}
