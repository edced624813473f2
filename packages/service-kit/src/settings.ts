import { type Setting, setting } from "./config.ts";
import { isLogLevel, type LogLevel } from "./log.ts";

const logLevel: Setting<LogLevel> = {
  env: "WAYWARD_LOG_LEVEL",
  meaning: "least level that is logged: debug, info, warn or error",
  fallback: "info",
  parse: (text) => (isLogLevel(text) ? { value: text } : { wrong: "not debug, info, warn or error" }),
};

/** What every process that serves is told. */
export const PROCESS_SETTINGS = {
  host: setting.text("WAYWARD_HOST", "address to listen on", { fallback: "127.0.0.1" }),
  port: setting.port("WAYWARD_PORT", "gRPC port, 0 for a free one", { fallback: "4610" }),
  httpPort: setting.port("WAYWARD_HTTP_PORT", "port of metrics and probes, 0 for a free one", { fallback: "4611" }),
  logLevel,
};

/** How NATS JetStream is reached. */
export const BUS_SETTINGS = {
  servers: setting.text("WAYWARD_NATS", "NATS servers, with commas between", { fallback: "nats://127.0.0.1:4222" }),
  monitorUrl: setting.text("WAYWARD_NATS_MONITOR", "monitoring URL of a NATS server, to read its settings back", {
    fallback: "http://127.0.0.1:8222",
  }),
  partitions: setting.count("WAYWARD_PARTITIONS", "partitions; fixed for the life of a store", 1, 1024, {
    fallback: "4",
  }),
  maxBytes: setting.size("WAYWARD_BUS_BYTES", "bytes that each partition of the bus holds at most", {
    fallback: "1GiB",
  }),
  replicas: setting.count("WAYWARD_BUS_REPLICAS", "copies of each stream", 1, 5, { fallback: "1" }),
  requireDurable: setting.flag("WAYWARD_REQUIRE_DURABLE", "refuse a bus that is not proven to survive power cuts"),
};

/** Where the archive is. */
export const STORE_SETTINGS = {
  store: setting.text("WAYWARD_STORE", "file:///folder or s3://bucket?endpoint=http://host:port&region=name"),
};
