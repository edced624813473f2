import { homedir } from "node:os";
import { join } from "node:path";

/** Where the all-in-one keeps bus and archive if nobody names a folder: by the XDG Base Directory Specification. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_DATA_HOME ?? join(homedir(), ".local/share"), "wayward");
}

/** Where blocks wait for the server: WAYWARD_SPOOL, else by the XDG Base Directory Specification. */
export function spoolFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.WAYWARD_SPOOL ?? join(env.XDG_STATE_HOME ?? join(homedir(), ".local/state"), "wayward/spool");
}

/** `host:port` of the ingest service: WAYWARD_INGEST, else WAYWARD_SERVER, else this machine. */
export function ingestAddress(server: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return server ?? env.WAYWARD_INGEST ?? env.WAYWARD_SERVER ?? "127.0.0.1:4610";
}
