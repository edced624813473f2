import http2 from "node:http2";

/** Bytes that all connections together may have on the way. */
const ALL_WINDOWS = 128 * 1024 * 1024;
const LEAST_WINDOW = 64 * 1024;
const MOST_WINDOW = 8 * 1024 * 1024;

/** Connections of this process by their peer, `address:port`, and whether they are trusted. */
const connections = new Map<string, { readonly session: http2.ServerHttp2Session; trusted: boolean }>();

/** Receive window of one of so many connections, in bytes. */
function windowFor(count: number): number {
  return Math.max(LEAST_WINDOW, Math.min(MOST_WINDOW, Math.floor(ALL_WINDOWS / Math.max(1, count))));
}

/**
 * Gives the connection its share of the windows. Until a service has seen
 * from it what only its clients send, a connection has 64 KiB, so that
 * strangers cannot take the memory. `peer` is what `call.getPeer()` tells.
 */
export function trustConnection(peer: string): void {
  const connection = connections.get(peer);
  if (connection === undefined || connection.trusted) return;
  connection.trusted = true;
  connection.session.setLocalWindowSize(windowFor(connections.size));
}

/** Only one at a time may have its hands on `http2.createServer`. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Gives the HTTP/2 servers that `create` makes larger receive windows.
 * grpc-js has no option for it and stays at 64 KiB for stream and connection,
 * which costs two thirds of the rate and twice the CPU; so its call of
 * createServer, or of createSecureServer for TLS, is met here. A stream may have the most from the start: the
 * window of its connection bounds all of them. `opened` hears of each
 * connection.
 */
export function withWindows<T>(
  create: () => Promise<T>,
  opened: (session: http2.ServerHttp2Session) => void = () => {},
): Promise<T> {
  const created = turn.then(async () => {
    const { createServer, createSecureServer } = http2;
    const wider = <O extends http2.ServerOptions>(options: O) => {
      return { ...options, settings: { ...options?.settings, initialWindowSize: MOST_WINDOW } };
    };
    const begin = (session: http2.ServerHttp2Session) => {
      follow(session);
      opened(session);
    };
    const plain = (options: http2.ServerOptions, listener?: () => void) =>
      createServer(wider(options), listener).on("session", begin);
    const secure = (options: http2.SecureServerOptions, listener?: () => void) =>
      createSecureServer(wider(options), listener).on("session", begin);
    http2.createServer = plain as typeof createServer;
    http2.createSecureServer = secure as typeof createSecureServer;
    try {
      return await create();
    } finally {
      http2.createServer = createServer;
      http2.createSecureServer = createSecureServer;
    }
  });
  turn = created.catch(() => {});
  return created;
}

function follow(session: http2.ServerHttp2Session): void {
  const peer = `${session.socket.remoteAddress}:${session.socket.remotePort}`;
  connections.set(peer, { session, trusted: false });
  share(connections.size - 1);
  session.once("close", () => {
    if (connections.get(peer)?.session !== session) return;
    connections.delete(peer);
    share(connections.size + 1);
  });
}

/** Shares the windows anew where they differ from those of `before` connections. */
function share(before: number): void {
  const now = windowFor(connections.size);
  if (now === windowFor(before)) return;
  for (const { session, trusted } of connections.values()) {
    if (trusted && !session.destroyed) session.setLocalWindowSize(now);
  }
}
