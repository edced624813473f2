import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range that systems give to outgoing connections, so that none takes it in between. */
const FIRST = 10_000;
const LAST = 32_000;
const MOST_TRIES = 200;

/** Ports that this process was given: a server that was told one may not listen there yet. */
const given = new Set<number>();

/**
 * A port of 127.0.0.1 on which nobody listens now, never the same one twice.
 * It is not held: a server that finds it taken asks for another one.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const port = randomInt(FIRST, LAST + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${FIRST} and ${LAST} in ${MOST_TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
