import { fail, ok, type Result } from "@wayward/base";
import { type Setting, setting } from "./config.ts";
import { isLogLevel, LOG_LEVELS, type LogLevel } from "./log.ts";

const logLevel: Setting<LogLevel> = {
  env: "WAYWARD_LOG_LEVEL",
  meaning: "least level that is logged: debug, info, warn or error",
  fallback: "info",
  shape: { type: "word", words: LOG_LEVELS },
  parse: (text) => (isLogLevel(text) ? { value: text } : { wrong: "not debug, info, warn or error" }),
};

/** What every process that serves is told. */
export const PROCESS_SETTINGS = {
  host: setting.text("WAYWARD_HOST", "address to listen on", { fallback: "127.0.0.1" }),
  port: setting.port("WAYWARD_PORT", "gRPC port, 0 for a free one", { fallback: "4610" }),
  httpPort: setting.port("WAYWARD_HTTP_PORT", "port of metrics and probes, 0 for a free one", { fallback: "4611" }),
  logLevel,
};

/** A block and what the archiver reads ahead must fit, or the bus is full all the time. */
const BUS_BYTES_LEAST = "16MiB";

/** How NATS JetStream is reached. */
export const BUS_SETTINGS = {
  servers: setting.parsed("WAYWARD_NATS", "NATS servers, with commas between", checkNatsServers, {
    fallback: "nats://127.0.0.1:4222",
  }),
  user: setting.optional("WAYWARD_NATS_USER", "user name, where NATS asks for one"),
  password: setting.optional("WAYWARD_NATS_PASSWORD", "its password", { secret: true }),
  credsFile: setting.file("WAYWARD_NATS_CREDS", "credentials file, where NATS asks for one"),
  caFile: setting.file("WAYWARD_NATS_CA", "certificates to trust of NATS, PEM; only TLS is spoken then"),
  certFile: setting.file("WAYWARD_NATS_CERT", "own certificate, where NATS asks for one, PEM"),
  keyFile: setting.file("WAYWARD_NATS_KEY", "its key, PEM"),
  monitorUrl: setting.parsed(
    "WAYWARD_NATS_MONITOR",
    "monitoring URL of a NATS server, to read its settings back",
    checkMonitor,
    { fallback: "http://127.0.0.1:8222" },
  ),
  partitions: setting.count("WAYWARD_PARTITIONS", "partitions; fixed for the life of a store", 1, 1024, {
    fallback: "4",
  }),
  maxBytes: setting.size(
    "WAYWARD_BUS_BYTES",
    `bytes that each partition of the bus holds at most, from ${BUS_BYTES_LEAST} on`,
    { fallback: "1GiB", least: BUS_BYTES_LEAST },
  ),
  replicas: setting.count("WAYWARD_BUS_REPLICAS", "copies of each stream", 1, 5, { fallback: "1" }),
  requireDurable: setting.flag("WAYWARD_REQUIRE_DURABLE", "refuse a bus that is not proven to survive power cuts"),
};

/** Where the archive is; `parse` is the store's own. */
export function storeSettings(parse: (text: string) => Result<unknown>) {
  return {
    store: setting.parsed(
      "WAYWARD_STORE",
      "file:///folder or s3://bucket?endpoint=http://host:port&region=name",
      parse,
    ),
  };
}

const SERVER = /^(?:(?:nats|tls):\/\/)?(?:\[[0-9a-f:]+\]|[^\s:/@]+)(?::\d{1,5})?\/?$/i;

function checkNatsServers(text: string): Result<string> {
  if (text.includes("@")) return wrong("a login belongs into WAYWARD_NATS_USER and WAYWARD_NATS_PASSWORD");
  const bad = text.split(",").find((server) => !SERVER.test(server.trim()));
  return bad === undefined ? ok(text) : wrong(`"${bad.trim()}" is not nats://host:port or tls://host:port`);
}

function checkMonitor(text: string): Result<string> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return wrong("not a URL of http: or https:");
  return url.username === "" && url.password === "" ? ok(text) : wrong("no login can be given here");
}

function wrong(why: string) {
  return fail("INVALID_ARGUMENT", "BAD_CONFIG", why);
}
