import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { agentBundle } from "../bundle.ts";
import { Running, SOURCE } from "../testing/program.ts";

/** How a program ends and what it says, where it is recorded from outside and where it is not. */
describe("a program that is recorded from outside", () => {
  const spool = mkdtempSync(join(tmpdir(), "agent-outside-"));
  let hook: string;
  beforeAll(async () => {
    hook = pathToFileURL((await agentBundle()).instrumentPath).href;
  });
  afterAll(() => rmSync(spool, { recursive: true }));

  /** Gone after 25 s, however it was meant to end. */
  function start(options: string, body: string): Running {
    const env = { ...process.env, NODE_OPTIONS: options, WAYWARD_SPOOL: spool, WAYWARD_PUSHER: "run" };
    const program = new Running(process.execPath, ["--input-type=module", "-e", body], env);
    const late = setTimeout(() => program.child.kill("SIGKILL"), 25_000);
    void program.ended.then(() => clearTimeout(late));
    return program;
  }

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "and starts an agent of its own dies of %s",
    async (signal) => {
      const body = `import { start } from ${JSON.stringify(SOURCE)}; start(); setInterval(() => {}, 1000); console.log("ready");`;
      const program = start(`--import ${hook}`, body);
      await program.says(/ready/);
      program.child.kill(signal);
      expect(await program.ended).toEqual({ code: null, signal });
    },
    30_000,
  );

  test.each([
    ["a request's error that nobody handles", `import http from "node:http"; http.get("http://127.0.0.1:9/");`],
    ["a rejection", `Promise.reject(new Error("nobody"));`],
    ["a throw", `setTimeout(() => { throw new Error("late"); }, 10);`],
    [
      "an error of a response",
      `import http from "node:http"; const server = http.createServer((_, response) => response.destroy(new Error("cut")));
      server.listen(0, "127.0.0.1", () => http.get({ port: server.address().port, host: "127.0.0.1" }));`,
    ],
  ])(
    "crashes of %s as it would unrecorded",
    async (_, body) => {
      const [plain, recorded] = [start("", body), start(`--import ${hook}`, body)];
      expect(await plain.ended).toEqual({ code: 1, signal: null });
      expect(await recorded.ended).toEqual({ code: 1, signal: null });
      const stable = (text: string) => text.replaceAll(/\(node:\d+\)/g, "(node)").replaceAll(/:\d{4,5}\b/g, ":port");
      expect(stable(recorded.stderr)).toBe(stable(plain.stderr));
    },
    30_000,
  );
});
