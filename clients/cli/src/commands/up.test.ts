import { afterAll, describe, expect, test } from "@jest/globals";
import { CommandLine, ended, linesOf, said } from "../testing/command-line.ts";

describe("wayward up", () => {
  const line = new CommandLine("up");
  afterAll(() => line.remove());

  test("tells all that is wrong with its settings at once, by the names that were used", async () => {
    const env = {
      WAYWARD_PORT: "http",
      WAYWARD_KEEP: "much",
      WAYWARD_LOG_LEVEL: "loud",
      WAYWARD_KEYS: "/nowhere",
      WAYWARD_KEPE: "1GiB",
    };
    const args = ["up", "--data", line.folder, "--http-port", "77777", "--keep", "5XB"];
    const { code, stderr } = await ended(line.start(args, env));
    expect(code).toBe(2);
    for (const wrong of [
      'WAYWARD_PORT is "http": not a port',
      '--http-port is "77777": not a port',
      '--keep is "5XB": not a size',
      'WAYWARD_LOG_LEVEL is "loud"',
      "WAYWARD_KEPE is not known, the nearest is WAYWARD_KEEP",
      'WAYWARD_KEYS is "/nowhere": cannot be read',
    ]) {
      expect(stderr).toContain(wrong);
    }
    // The option stands before it.
    expect(stderr).not.toContain("much");
  });

  test.each([
    // The system says that /proc is not there, to whoever makes a folder in it.
    ["/proc/nope", /cannot be made: ENOENT/],
    ["/dev/null/data", /cannot be made: ENOTDIR/],
    [process.execPath, /cannot be made: EEXIST/],
    ["", /no folder/],
  ])("ends at once where %j cannot be its folder, and says why", async (data, why) => {
    const { code, stderr } = await ended(line.start(["up", "--data", data, "--port", "http"]));
    expect(code).toBe(2);
    expect(stderr).toContain(`--data is ${JSON.stringify(data)}: `);
    expect(stderr).toMatch(why);
    expect(stderr).toContain('--port is "http": not a port');
    expect((await ended(line.start(["up"], { WAYWARD_DATA: data }))).stderr).toContain(`WAYWARD_DATA is "${data}"`);
  });

  test.each([
    ["SIGTERM", 0],
    ["SIGINT", 130],
  ] as const)(
    "says that it ends by %s, and ends with %d",
    async (signal, exit) => {
      const started = line.start(["up", "--data", line.folder, "--port", "0", "--http-port", "0"]);
      const end = ended(started);
      await said(started, /^ready: gRPC at /m);
      started.kill(signal);
      const { code, stdout, stderr } = await end;
      expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
      expect(linesOf(stderr).at(-1)).toBe(`ending (${signal})`);
    },
    60_000,
  );

  test("ends though nobody reads what it says any more", async () => {
    const started = line.start(["up", "--json", "--data", line.folder, "--port", "0", "--http-port", "0"]);
    const end = ended(started);
    await said(started, /"ready"/);
    started.stdout!.destroy();
    started.kill("SIGTERM");
    expect(await end).toMatchObject({ code: 0, stderr: "" });
  }, 60_000);

  test("names the variables that nothing reads", async () => {
    const args = ["up", "--data", line.folder, "--port", "0", "--http-port", "0"];
    const started = line.start(args, { WAYWARD_KEPE: "1GiB" });
    await said(started, /WAYWARD_KEPE is not known, the nearest is WAYWARD_KEEP/);
    started.kill("SIGTERM");
    expect((await ended(started)).code).not.toBe(2);
  }, 60_000);
});
