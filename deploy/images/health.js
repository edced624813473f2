/** HEALTHCHECK of every image: exit code 0 if the process in this container can do its work, else 1. */
import http from "node:http";
import https from "node:https";

const { WAYWARD_HOST = "127.0.0.1", WAYWARD_HTTP_PORT = "4611", WAYWARD_TLS_CERT = "" } = process.env;
// Who listens on all addresses also does on this one.
const host = WAYWARD_HOST === "0.0.0.0" || WAYWARD_HOST === "::" ? "127.0.0.1" : WAYWARD_HOST;
const { get } = WAYWARD_TLS_CERT === "" ? http : https;
// It asks the process beside it, whose certificate need not name this address.
const options = { host, port: WAYWARD_HTTP_PORT, path: "/readyz", timeout: 2_000, rejectUnauthorized: false };

get(options, ({ statusCode }) => {
  process.exit(statusCode === 200 ? 0 : 1);
})
  .on("timeout", () => process.exit(1))
  .on("error", () => process.exit(1));
