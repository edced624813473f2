import { readFileSync } from "node:fs";
import { keyLine } from "@wayward/access";
import { type GenericContainer, Wait } from "testcontainers";
import { HTTP_PORT } from "./images.ts";

/** Paths of PEM files on this machine. */
export interface TlsFiles {
  /** The services' certificate. It must name the host of containers, mostly localhost, and in a cluster `ingest`. */
  readonly cert: string;
  readonly key: string;
  /** Who has signed it. */
  readonly ca: string;
}

/** Whom containers let in, and what they speak. */
export interface Doors {
  /** Undefined: everyone may do everything. */
  readonly key?: string | undefined;
  /** Undefined: plain text. */
  readonly tls?: TlsFiles | undefined;
}

/** What a caller brings beside the address, as agents, clients and the command line read it. */
export interface CallerEnv {
  readonly WAYWARD_KEY?: string;
  readonly WAYWARD_CA?: string;
}

const FOLDER = "/etc/wayward";
/** One key for all that a test may do. */
const SCOPES = ["ingest", "read", "delete", "admin"];

/** Has a container ask for the key and speak TLS, and lets it call others that do. Waits until it is ready. */
export function closeDoors(container: GenericContainer, { key, tls }: Doors): GenericContainer {
  if (key !== undefined) {
    give(container, "WAYWARD_KEYS", "keys", keyLine(key, SCOPES));
    container.withEnvironment({ WAYWARD_KEY: key });
  }
  const ready = Wait.forHttp("/readyz", HTTP_PORT);
  if (tls === undefined) return container.withWaitStrategy(ready);
  give(container, "WAYWARD_TLS_CERT", "server.pem", readFileSync(tls.cert));
  give(container, "WAYWARD_TLS_KEY", "server.key", readFileSync(tls.key));
  give(container, "WAYWARD_CA", "ca.pem", readFileSync(tls.ca));
  // It is this container that is asked, whatever its certificate names.
  return container.withWaitStrategy(ready.usingTls().allowInsecure());
}

/** Any user of a container may read it. */
function give(container: GenericContainer, variable: string, name: string, content: string | Buffer): void {
  const target = `${FOLDER}/${name}`;
  container.withCopyContentToContainer([{ content, target, mode: 0o444 }]).withEnvironment({ [variable]: target });
}

export function callerEnv({ key, tls }: Doors): CallerEnv {
  return { ...(key === undefined ? {} : { WAYWARD_KEY: key }), ...(tls === undefined ? {} : { WAYWARD_CA: tls.ca }) };
}

/** What stands before the address of gRPC. */
export function schemeOf({ tls }: Doors): string {
  return tls === undefined ? "" : "https://";
}
