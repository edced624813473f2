import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AGENT, CommandLine, ended } from "../testing/command-line.ts";

describe("wayward collect", () => {
  const line = new CommandLine("collect");
  beforeAll(async () => {
    await line.up();
  }, 60_000);
  afterAll(() => line.remove());

  /** Runs a program to its end that pushes nothing itself. */
  const program = async (name: string) => {
    const code = `import { start } from ${JSON.stringify(AGENT)}; start({ name: "${name}" }).channel("a").info("last words");`;
    const alone = { WAYWARD_SERVER: undefined };
    expect(await ended(line.startNode(["--input-type=module", "-e", code], alone))).toMatchObject({ code: 0 });
  };
  const isEnded = async (name: string) => (await line.json("sessions", "--name", name))[0]?.state === "ENDED";

  test("pushes what is there when it is told to end, as a sidecar is once its program has ended", async () => {
    const collector = line.start(["collect"]);
    const end = ended(collector);
    await program("before");
    while (!(await isEnded("before"))) await new Promise((resolve) => setTimeout(resolve, 100));
    // It cannot see what the second program leaves before it is told to end.
    collector.kill("SIGSTOP");
    await program("beside");
    collector.kill("SIGTERM");
    collector.kill("SIGCONT");
    expect(await end).toMatchObject({ code: 0 });
    expect(await isEnded("beside")).toBe(true);
  }, 60_000);
});
