import { resolve } from "node:path";
import { WaywardError } from "@wayward/base";
import { createLog, DOOR_SETTINGS, loadConfig, parseSize, signalled } from "@wayward/service-kit";
import { dataFolder } from "../folders.ts";
import { parseCount } from "../selection.ts";

export interface UpCommand {
  readonly data?: string;
  readonly host: string;
  readonly port: string;
  readonly httpPort: string;
  readonly keep: string;
}

/** `wayward up`: all services in this process until Ctrl-C. */
export async function up(options: UpCommand): Promise<void> {
  const keep = parseSize(options.keep);
  if ("wrong" in keep) {
    throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `--keep is "${options.keep}": ${keep.wrong}`);
  }
  const doors = loadConfig(DOOR_SETTINGS);
  const data = resolve(options.data ?? dataFolder());
  const { startAllInOne } = await import("@wayward/all-in-one");
  const serving = await startAllInOne({
    data,
    host: options.host,
    port: parseCount("--port", options.port, 0),
    httpPort: parseCount("--http-port", options.httpPort, 0),
    keepBytes: keep.value,
    doors,
    log: createLog("warn"),
  });
  process.stderr.write(
    `ready: gRPC at ${serving.address}, metrics at ${doors.tlsCert === undefined ? "http" : "https"}://${serving.httpAddress}/metrics, data in ${data}\n`,
  );
  await signalled();
  await serving.stop();
}
