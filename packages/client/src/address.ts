import { fail, ok, type Result } from "@wayward/base";

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

/** `host:port`; error INVALID_ARGUMENT / BAD_ADDRESS. */
export function checkAddress(text: string): Result<string> {
  const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^\s:/]+):(\d{1,5})$/.exec(text)?.[1]);
  if (port >= 1 && port <= 65_535) return ok(text);
  return fail("INVALID_ARGUMENT", "BAD_ADDRESS", `server address "${text.slice(0, 80)}" is not host:port`);
}
