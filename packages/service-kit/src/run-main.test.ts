import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { keyLine, makeKey } from "@wayward/access";
import { Authority, freePort, tempFolder } from "@wayward/testing";

const BASE = new URL("../../base/src/index.ts", import.meta.url).href;
const INDEX = new URL("./index.ts", import.meta.url).href;

/** Runs a service whose start is this code; tells its exit code and the lines of its log. */
async function run(
  start: string,
  more: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number; readonly lines: Record<string, unknown>[] }> {
  const program = `
    import { WaywardError } from ${JSON.stringify(BASE)};
    import { runMain, serveGrpc } from ${JSON.stringify(INDEX)};
    await runMain("sample", {}, async ({ log, open }) => { ${start} });`;
  const env = { ...process.env, WAYWARD_PORT: "0", WAYWARD_HTTP_PORT: String(await freePort()), ...more };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const code = await new Promise<number>((resolve) => child.once("close", (exit) => resolve(exit ?? -1)));
  const lines = text.trim().split("\n").filter(Boolean);
  return { code, lines: lines.map((line) => JSON.parse(line)) };
}

describe("a service's process", () => {
  test.each([
    [
      "a rejection that nobody handles",
      `void Promise.reject(new Error("nobody waits")); return await new Promise(() => {});`,
    ],
    [
      "an exception that nobody catches",
      `setTimeout(() => { throw new Error("nobody waits"); }); return await new Promise(() => {});`,
    ],
  ])("ends with 1 and a line in its log by %s", async (_, start) => {
    const { code, lines } = await run(start);
    expect(code).toBe(1);
    expect(lines).toMatchObject([
      { level: "error", service: "sample", message: "ended by a fault", error: "nobody waits", reason: "UNEXPECTED" },
    ]);
  });

  test("answers probes and tries again while what it stands on is not there, then serves, then ends in order", async () => {
    const { code, lines } = await run(`
      globalThis.tries = (globalThis.tries ?? 0) + 1;
      await open(Promise.resolve({ close: async () => log.info("closed") }));
      const { status } = await fetch("http://127.0.0.1:" + process.env.WAYWARD_HTTP_PORT + "/readyz");
      log.info("probed", { status });
      if (globalThis.tries < 3) throw new WaywardError("UNAVAILABLE", "STORE_UNUSABLE", "not there");
      setTimeout(() => process.kill(process.pid, "SIGTERM"), 100);
      return { parts: [{ stop: async () => log.info("stopped") }], facts: { store: "here" } };`);
    expect(code).toBe(0);
    const tried = [{ message: "probed", status: 503 }, { message: "closed" }];
    expect(lines).toMatchObject([
      ...tried,
      { message: "cannot start yet; trying again", attempt: 1, reason: "STORE_UNUSABLE", error: "not there" },
      ...tried,
      { message: "cannot start yet; trying again", attempt: 2 },
      tried[0],
      { message: "ready", store: "here" },
      { message: "ending (SIGTERM)" },
      { message: "stopped" },
      tried[1],
      { message: expect.stringMatching(/^ended in \d+ ms$/) },
    ]);
  }, 20_000);

  test.each([
    ["STORE_DENIED", "PERMISSION_DENIED", 78],
    ["NO_BUCKET", "NOT_FOUND", 1],
    ["BAD_STORE_URL", "INVALID_ARGUMENT", 2],
  ])("tells %s in its log and ends", async (reason, code, exit) => {
    const ended = await run(`throw new WaywardError("${code}", "${reason}", "it is so");`);
    expect(ended).toMatchObject({ code: exit, lines: [{ level: "error", reason, error: "it is so" }] });
  });

  test("tells wrong settings and unknown ones at one start, whatever level it is asked for", async () => {
    const wrong = { WAYWARD_PORT: "http", WAYWARD_HTPP_PORT: "4711" };
    const unknown = {
      level: "warn",
      service: "sample",
      message: expect.stringContaining("WAYWARD_HTPP_PORT is not known"),
    };
    const first = await run("", { ...wrong, WAYWARD_LOG_LEVEL: "loud" });
    expect(first.code).toBe(2);
    expect(first.lines).toMatchObject([unknown, { level: "error", reason: "BAD_CONFIG" }]);
    expect(first.lines[1]?.error).toMatch(/WAYWARD_PORT is "http".*WAYWARD_LOG_LEVEL is "loud"/s);
    const quiet = await run("", { ...wrong, WAYWARD_LOG_LEVEL: "error" });
    expect(quiet.lines).toMatchObject([{ level: "error", reason: "BAD_CONFIG" }]);
  });

  test("says that its port is taken in its log and nowhere else", async () => {
    const { code, lines } = await run(`
      const { createServer } = await import("node:net");
      const taken = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.once("listening", resolve));
      const port = taken.address().port;
      await serveGrpc({ host: "127.0.0.1", port, services: [], log, isReady: () => true });`);
    expect({ code, lines }).toMatchObject({ code: 1, lines: [{ level: "error", reason: "PORT_IN_USE" }] });
  });

  test("ends at once when it is told to while it still tries", async () => {
    const { code, lines } = await run(`
      setTimeout(() => process.kill(process.pid, "SIGTERM"), 100);
      return await new Promise(() => {});`);
    expect(code).toBe(0);
    expect(lines).toMatchObject([{ message: "ending (SIGTERM)" }, { message: expect.stringMatching(/^ended/) }]);
  });

  test("ends after 15 s though a part does not, and names it", async () => {
    const { code, lines } = await run(`
      setTimeout(() => process.kill(process.pid, "SIGTERM"), 100);
      const never = () => new Promise(() => {});
      await open(Promise.resolve({ close: never }));
      return { parts: [{ name: "archive", stop: never }, { name: "query", stop: async () => {} }], facts: {} };`);
    expect(code).toBe(1);
    const late = { level: "error", message: "not ended in time", afterMs: 15_000, waitsFor: "archive" };
    expect(lines).toMatchObject([{ message: "ready" }, { message: "ending (SIGTERM)" }, late]);
  }, 30_000);

  test("warns once of a listener that lets everyone in, or speaks plain text to those it lets in", async () => {
    await using folder = await tempFolder("run-main");
    const { certFile, keyFile } = new Authority(folder.path).issue("server");
    const keys = join(folder.path, "keys");
    writeFileSync(keys, keyLine(makeKey(), ["read"], {}));
    const warned = async (env: NodeJS.ProcessEnv) => {
      const ending = `setTimeout(() => process.kill(process.pid, "SIGTERM"), 50); return { parts: [], facts: {} };`;
      const { lines } = await run(ending, env);
      return lines.filter(({ level }) => level === "warn").map(({ message }) => message);
    };
    const open = { WAYWARD_HOST: "0.0.0.0" };
    const tls = { WAYWARD_TLS_CERT: certFile, WAYWARD_TLS_KEY: keyFile };
    expect(await warned({})).toEqual([]);
    expect(await warned(open)).toEqual([
      expect.stringMatching(/^everyone who reaches this host may record, read, delete/),
    ]);
    expect(await warned({ ...open, ...tls })).toEqual([expect.stringMatching(/^everyone/)]);
    expect(await warned({ ...open, WAYWARD_KEYS: keys })).toEqual(["keys and records travel in plain text"]);
    expect(await warned({ ...open, ...tls, WAYWARD_KEYS: keys })).toEqual([]);
  }, 30_000);
});
