import http2 from "node:http2";

/** Bytes that all connections together may have on the way. */
const ALL_WINDOWS = 128 * 1024 * 1024;
const LEAST_WINDOW = 64 * 1024;
const MOST_WINDOW = 8 * 1024 * 1024;

/** Receive window of one of so many connections. */
export function windowFor(connections: number): number {
  return Math.max(LEAST_WINDOW, Math.min(MOST_WINDOW, Math.floor(ALL_WINDOWS / Math.max(1, connections))));
}

/**
 * Gives the HTTP/2 servers that `create` makes larger receive windows.
 * grpc-js has no option for it and stays at 64 KiB for stream and connection,
 * which costs two thirds of the rate and twice the CPU; so its call of
 * createServer is met here.
 */
export async function withWindows<T>(create: () => Promise<T>): Promise<T> {
  const original = http2.createServer;
  let connections = 0;
  const wrapped = (options: http2.ServerOptions, listener?: () => void) => {
    const settings = { ...options?.settings, initialWindowSize: MOST_WINDOW };
    const server = original({ ...options, settings }, listener);
    server.on("session", (session) => {
      connections++;
      session.setLocalWindowSize(windowFor(connections));
      session.once("close", () => {
        connections--;
      });
    });
    return server;
  };
  http2.createServer = wrapped as typeof http2.createServer;
  try {
    return await create();
  } finally {
    http2.createServer = original;
  }
}
