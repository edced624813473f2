/** pino under measurement: `pino.ts FILE sync|async`. One line, no zone. */
import { once } from "node:events";
import { peer } from "../peers.ts";
import { pause, serveEvents, TABLES } from "./events.ts";

interface Destination {
  flush(done: (error?: Error) => void): void;
  once(event: string, listener: () => void): void;
}
interface Pino {
  (destination: Destination): { info(format: string, ...args: unknown[]): void };
  destination(options: { dest: string; sync: boolean }): Destination;
}

const [dest = "", mode = ""] = process.argv.slice(2);
const { default: pino } = await peer<{ default: Pino }>("pino");
const destination = pino.destination({ dest, sync: mode === "sync" });
const logger = pino(destination);
if (mode !== "sync") await once(destination as unknown as NodeJS.EventEmitter, "ready");

serveEvents({
  event: (index) => logger.info("loaded %d rows from %s", index % 10_000, TABLES[index & 3]),
  flush: pause,
  finish: () =>
    new Promise((resolve, reject) => destination.flush((error) => (error === undefined ? resolve() : reject(error)))),
});
