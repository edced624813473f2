import { readFileSync } from "node:fs";
import { WaywardError } from "@wayward/base";
import { credsAuthenticator, ErrorCode, Events, type NatsConnection, type NatsError } from "nats";
import { connectFramed } from "./transport.ts";

/** Where NATS is, and how to be let in. */
export interface NatsAccess {
  /** `nats://host:port`, or `tls://` where it must be TLS; several with commas between. */
  readonly servers: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** File with a user's JWT and seed. */
  readonly credsFile?: string | undefined;
  /** PEM files: whom to trust, which makes TLS a must, and what to show. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** What the server's list of connections calls this one. */
  readonly name?: string | undefined;
}

const CONNECT_MS = 5_000;
const RECONNECT_MS = 250;

/** The server knows who asks, and says no. */
const DENIED: ReadonlySet<string> = new Set([
  ErrorCode.AuthorizationViolation,
  ErrorCode.AuthenticationExpired,
  ErrorCode.AuthenticationTimeout,
  ErrorCode.AccountExpired,
  ErrorCode.BadAuthentication,
  ErrorCode.BadCreds,
]);

/** Connects, and from then on again for ever. Throws BAD_CONFIG, BUS_DENIED, BUS_UNAVAILABLE. */
export async function connectNats(access: NatsAccess): Promise<NatsConnection> {
  const { servers, user, password, credsFile, name = "wayward" } = access;
  checkPairs(access);
  const all = servers.split(",").map((server) => server.trim());
  const tls = tlsOf(access, all);
  try {
    return await connectFramed({
      servers: all,
      name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      timeout: CONNECT_MS,
      // A login that is refused for a while, as while it is changed, ends nothing.
      ignoreAuthErrorAbort: true,
      ...(user === undefined ? {} : { user, pass: password ?? "" }),
      ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(readFileSync(credsFile)) }),
      ...(tls === undefined ? {} : { tls }),
    });
  } catch (error) {
    throw connectError(error, access, all.map(hostOf).join(", "));
  }
}

/** Tells each loss of the connection, and each return, until it is closed. */
export async function watchConnection(connection: NatsConnection, tell: (isConnected: boolean) => void): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === Events.Disconnect) tell(false);
    if (type === Events.Reconnect) tell(true);
  }
}

function checkPairs({ user, password, certFile, keyFile }: NatsAccess): void {
  const missing =
    user === undefined && password !== undefined
      ? "WAYWARD_NATS_PASSWORD is set, WAYWARD_NATS_USER is not"
      : (certFile === undefined) !== (keyFile === undefined)
        ? "of WAYWARD_NATS_CERT and WAYWARD_NATS_KEY only one is set"
        : undefined;
  if (missing !== undefined) throw new WaywardError("INVALID_ARGUMENT", "BAD_CONFIG", missing);
}

/** Undefined leaves it to the server whether TLS is spoken. */
function tlsOf({ caFile, certFile, keyFile }: NatsAccess, servers: readonly string[]) {
  if (caFile === undefined && certFile === undefined && !servers.some((server) => server.startsWith("tls://"))) {
    return undefined;
  }
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}

function connectError(error: unknown, { user, credsFile }: NatsAccess, hosts: string): WaywardError {
  const { code = "", message = String(error), chainedError } = error as Partial<NatsError>;
  if (DENIED.has(code)) {
    const who = credsFile ?? user;
    const what = who === undefined ? "a connection without login" : `the login of ${who}`;
    return new WaywardError("PERMISSION_DENIED", "BUS_DENIED", `nats-server at ${hosts} refuses ${what}: ${message}`, {
      cause: error,
    });
  }
  const why =
    code === ErrorCode.ServerOptionNotAvailable
      ? "it speaks no TLS, which is asked for"
      : [message, chainedError?.message].filter(Boolean).join(": ");
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `no nats-server at ${hosts}: ${why}`, { cause: error });
}

/** Host and port alone. */
function hostOf(server: string): string {
  return server.replace(/^.*(?:\/\/|@)/, "");
}
