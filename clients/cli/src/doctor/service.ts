import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import { DOOR_REASONS } from "@wayward/access";
import { WaywardError } from "@wayward/base";
import { isServing } from "@wayward/client";
import { hostOf } from "./addresses.ts";
import type { Finding } from "./finding.ts";

/** The services that clients and agents speak to. */
export type Service = "ingest" | "query" | "stream";

const WITHIN_MS = 3_000;

/** The variable or option that says where a service is; undefined where nothing does. */
export function namedBy(service: Service, server: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  if (server !== undefined) return "--server";
  const own = `WAYWARD_${service.toUpperCase()}`;
  return env[own] !== undefined ? own : env.WAYWARD_SERVER !== undefined ? "WAYWARD_SERVER" : undefined;
}

/** Looks whether the service is reached at `host:port` and can do its work. */
export async function serviceFinding(hop: Service, address: string, named: string | undefined): Promise<Finding> {
  const host = hostOf(address);
  try {
    await lookup(host);
  } catch {
    return { hop, ok: false, what: `${host} has no address`, fix: `check the name in ${named}` };
  }
  const error = await knock(host, Number(address.slice(address.lastIndexOf(":") + 1)));
  if (error !== undefined) return { hop, ok: false, what: `${address}: ${error}`, fix: fixOf(error, hop, named) };
  try {
    if (await isServing(address, WITHIN_MS)) return { hop, ok: true, what: `${address} is ready` };
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    if (failure instanceof WaywardError && DOOR_REASONS.has(failure.reason)) {
      const fix = `docs/operate/access.md; or something else listens there: check ${named ?? "the port"}`;
      return { hop, ok: false, what: why, fix };
    }
    const fix = `something else may listen there: check ${named ?? "the port"}`;
    return { hop, ok: false, what: `${address} does not tell its health: ${why}`, fix };
  }
  const fix = "it has no bus, or is ending: look into its log, and whether its bus runs";
  return { hop, ok: false, what: `${address} runs, but is not ready`, fix };
}

function fixOf(error: string, hop: Service, named: string | undefined): string {
  if (error !== "ECONNREFUSED") return "check the network between here and there";
  // All of them in one process are one command; a service of its own is not.
  if (named !== `WAYWARD_${hop.toUpperCase()}`) return "start the server: wayward up";
  return `start the ${hop} service, or correct ${named}; one that waits for its bus or store says so in its log`;
}

/** Opens a connection and closes it again; tells why not. */
function knock(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: WITHIN_MS });
    const finish = (error?: string) => {
      socket.destroy();
      resolve(error);
    };
    socket.once("connect", () => finish());
    socket.once("timeout", () => finish(`no answer for ${WITHIN_MS / 1000} s`));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}
