import { parseAddress } from "@wayward/access";
import { ok, type Result } from "@wayward/base";

/** The services a client speaks to. */
export type Target = "ingest" | "query" | "stream";

/** Port on which every service of one process answers. */
const DEFAULT_ADDRESS = "127.0.0.1:4610";

/**
 * Address of a service: WAYWARD_INGEST, WAYWARD_QUERY or WAYWARD_STREAM, else
 * WAYWARD_SERVER, else this machine. `server` stands in for all of them.
 */
export function addressOf(target: Target, server?: string, env: NodeJS.ProcessEnv = process.env): Result<string> {
  const named = { ingest: env.WAYWARD_INGEST, query: env.WAYWARD_QUERY, stream: env.WAYWARD_STREAM }[target];
  return checkAddress(server ?? named ?? env.WAYWARD_SERVER ?? DEFAULT_ADDRESS);
}

/** `host:port`, or `https://host:port`; error INVALID_ARGUMENT / BAD_ADDRESS. */
export function checkAddress(text: string): Result<string> {
  const place = parseAddress(text);
  return place.error === undefined ? ok(text) : place;
}
