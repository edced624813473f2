import { describe, expect, test } from "@jest/globals";
import { describeConfigAsJson, loadConfig, setting } from "./config.ts";
import { BUS_SETTINGS } from "./settings.ts";
import { unknownSettings } from "./unknown-settings.ts";

const table = {
  port: setting.port("WAYWARD_PORT", "gRPC port", { fallback: "4610" }),
  store: setting.text("WAYWARD_STORE", "URL of the store"),
  keep: setting.size("WAYWARD_KEEP", "size of the archive", { fallback: "10GiB" }),
  key: setting.count("WAYWARD_KEY", "a secret number", 1, 9, { fallback: "1", secret: true }),
};

describe("a configuration", () => {
  test("is read with its fallbacks", () => {
    expect(loadConfig(table, { WAYWARD_STORE: "file:///x" })).toEqual({
      port: 4610,
      store: "file:///x",
      keep: 10 * 1024 ** 3,
      key: 1,
    });
  });

  test("is told as JSON, with what each value looks like", () => {
    const lines = describeConfigAsJson({ ...table, durable: BUS_SETTINGS.requireDurable })
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        env: "WAYWARD_PORT",
        meaning: "gRPC port",
        fallback: "4610",
        shape: { type: "count", least: 0, most: 65_535 },
      },
      { env: "WAYWARD_STORE", meaning: "URL of the store", shape: { type: "text" } },
      { env: "WAYWARD_KEEP", meaning: "size of the archive", fallback: "10GiB", shape: { type: "size" } },
      { env: "WAYWARD_KEY", meaning: "a secret number", fallback: "1", shape: { type: "count", least: 1, most: 9 } },
      expect.objectContaining({ env: "WAYWARD_REQUIRE_DURABLE", fallback: "false", shape: { type: "flag" } }),
    ]);
  });

  test("tells everything that is wrong at once, and no secret", () => {
    const wrong = { WAYWARD_PORT: "70000", WAYWARD_KEEP: "much", WAYWARD_KEY: "77" };
    expect(() => loadConfig(table, wrong)).toThrow(
      [
        "4 of 4 settings cannot be used:",
        '  WAYWARD_PORT is "70000": not a port from 0 to 65535',
        "  WAYWARD_STORE is not set: URL of the store",
        '  WAYWARD_KEEP is "much": not a size such as 64MiB or 10GiB',
        "  WAYWARD_KEY is (hidden): not a whole number from 1 to 9",
      ].join("\n"),
    );
  });

  test("shows no login of a URL that it refuses", () => {
    const secret = "s3cr/t@,x";
    const env = {
      WAYWARD_NATS: `nats://me:${secret}@bus:4222`,
      WAYWARD_NATS_MONITOR: `http://me:${encodeURIComponent(secret)}%40bus`,
      WAYWARD_NATS_CA: "/nowhere/ca.pem",
      WAYWARD_BUS_BYTES: "1MiB",
    };
    let message = "";
    try {
      loadConfig(BUS_SETTINGS, env);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message.split("\n  ").slice(1)).toEqual([
      'WAYWARD_NATS is "(hidden)@bus:4222": a login belongs into WAYWARD_NATS_USER and WAYWARD_NATS_PASSWORD',
      'WAYWARD_NATS_CA is "/nowhere/ca.pem": cannot be read: ENOENT',
      'WAYWARD_NATS_MONITOR is "(hidden)@bus": not a URL of http: or https:',
      'WAYWARD_BUS_BYTES is "1MiB": less than 16MiB',
    ]);
  });

  test.each(["bus", "nats://bus:4222, tls://[::1]:4222", "nats://a.b:1/"])("takes NATS servers as %s", (servers) => {
    expect(loadConfig(BUS_SETTINGS, { WAYWARD_NATS: servers })).toMatchObject({ servers, user: undefined });
  });

  test.each(["", "http://bus:4222", "nats://bus:4222/x", "nats://bus:port"])(
    "takes no NATS servers as %s",
    (servers) => {
      expect(() => loadConfig(BUS_SETTINGS, { WAYWARD_NATS: servers })).toThrow("is not nats://host:port");
    },
  );

  test("tells of variables that nothing reads, with the nearest that something does", () => {
    const env = { WAYWARD_PARTITION: "8", WAYWARD_SPOOL: "/x", WAYWARD_STORE: "file:///x", PATH: "/bin" };
    expect(unknownSettings(BUS_SETTINGS, env)).toEqual([
      "WAYWARD_PARTITION is not known, the nearest is WAYWARD_PARTITIONS",
    ]);
  });
});
