import { describe, expect, test } from "@jest/globals";
import { loadConfig, setting } from "./config.ts";

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
});
