import {
  BUS_SETTINGS,
  createLog,
  DOOR_SETTINGS,
  endInTime,
  loadConfig,
  PROCESS_SETTINGS,
  type Setting,
  setting,
  signalled,
  warnOfUnknown,
} from "@wayward/service-kit";
import { EXIT } from "../exit.ts";
import { dataFolder } from "../folders.ts";
import { jsonLine } from "../output/json.ts";

export interface UpCommand {
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly httpPort?: string;
  readonly keep?: string;
  readonly json?: boolean;
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

/** `wayward up`: all services in this process until Ctrl-C, with which it ends as interrupted, or SIGTERM. */
export async function up(options: UpCommand): Promise<void> {
  warnOfUnknown({ ...SETTINGS, ...BUS_SETTINGS });
  const { logLevel, data, keep, host, port, httpPort, ...doors } = loadConfig({
    ...SETTINGS,
    data: chosen(SETTINGS.data, "--data", options.data),
    host: chosen(SETTINGS.host, "--host", options.host),
    port: chosen(SETTINGS.port, "--port", options.port),
    httpPort: chosen(SETTINGS.httpPort, "--http-port", options.httpPort),
    keep: chosen(SETTINGS.keep, "--keep", options.keep),
  });
  const log = createLog(logLevel);
  const { startAllInOne } = await import("@wayward/all-in-one");
  const serving = await startAllInOne({ data, host, port, httpPort, keepBytes: keep, doors, log });
  const { address: grpc, httpAddress, unended } = serving;
  const metrics = `${doors.tlsCert === undefined ? "http" : "https"}://${httpAddress}/metrics`;
  const tell = teller(options.json === true);
  const ending = signalled();
  const ready = { state: "ready", grpc, metrics, data };
  tell(`ready: gRPC at ${grpc}, metrics at ${metrics}, data in ${data}`, ready);
  const signal = await ending;
  endInTime(log, unended);
  tell(`ending (${signal})`, { state: "ending", signal });
  await serving.stop();
  if (signal === "SIGINT") process.exitCode = EXIT.interrupted;
  // Whatever still holds a handle must not keep what has ended.
  setTimeout(() => process.exit(), 500).unref();
}

/** Says how it is on stderr, or as JSON on stdout; that nobody reads it any more ends no service. */
function teller(asJson: boolean): (text: string, facts: object) => void {
  const output = asJson ? process.stdout : process.stderr;
  output.on("error", () => {});
  return (text, facts) => output.write(asJson ? jsonLine(facts) : `${text}\n`);
}

/** A setting as an option gives it, by whose name what is wrong is told; else as the environment does. */
function chosen<T>(known: Setting<T>, option: string, text: string | undefined): Setting<T> {
  return text === undefined ? known : { ...known, env: option, fallback: text };
}
