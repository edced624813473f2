import {
  BUS_SETTINGS,
  createLog,
  DOOR_SETTINGS,
  loadConfig,
  PROCESS_SETTINGS,
  type Setting,
  setting,
  signalled,
  unknownSettings,
} from "@wayward/service-kit";
import { dataFolder } from "../folders.ts";

export interface UpCommand {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly httpPort?: string;
  readonly keep?: string;
}

const SETTINGS = {
  ...PROCESS_SETTINGS,
  // Whoever starts it by hand wants to read of what goes wrong, and of nothing else.
  logLevel: { ...PROCESS_SETTINGS.logLevel, fallback: "warn" },
  data: setting.folder("WAYWARD_DATA", "folder of bus and archive", { fallback: dataFolder() }),
  keep: setting.size("WAYWARD_KEEP", "bytes of archive above which the oldest ended sessions go", {
    fallback: "10GiB",
  }),
  ...DOOR_SETTINGS,
};

/** `wayward up`: all services in this process until Ctrl-C. */
export async function up(options: UpCommand): Promise<void> {
  const { logLevel, data, keep, host, port, httpPort, ...doors } = loadConfig({
    ...SETTINGS,
    data: chosen(SETTINGS.data, "--data", options.data),
    host: chosen(SETTINGS.host, "--host", options.host),
    port: chosen(SETTINGS.port, "--port", options.port),
    httpPort: chosen(SETTINGS.httpPort, "--http-port", options.httpPort),
    keep: chosen(SETTINGS.keep, "--keep", options.keep),
  });
  const log = createLog(logLevel);
  for (const warning of unknownSettings({ ...SETTINGS, ...BUS_SETTINGS })) log.warn(warning);
  const { startAllInOne } = await import("@wayward/all-in-one");
  const serving = await startAllInOne({ data, host, port, httpPort, keepBytes: keep, doors, log });
  process.stderr.write(
    `ready: gRPC at ${serving.address}, metrics at ${doors.tlsCert === undefined ? "http" : "https"}://${serving.httpAddress}/metrics, data in ${data}\n`,
  );
  await signalled();
  await serving.stop();
}

/** A setting as an option gives it, by whose name what is wrong is told; else as the environment does. */
function chosen<T>(known: Setting<T>, option: string, text: string | undefined): Setting<T> {
  return text === undefined ? known : { ...known, env: option, fallback: text };
}
