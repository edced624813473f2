import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { until } from "@wayward/testing";
import { CommandLine, linesOf } from "../testing/command-line.ts";
import { INVERSION } from "../testing/inversion.ts";

const NOTE = "1 session of analyses is not shown; --all shows it\n";

/** Beside a program whose locks are found to be inverted, the live analyses have a session of their own. */
describe("sessions of analyses", () => {
  const line = new CommandLine("sessions");
  const jsonOf = (stdout: string) => linesOf(stdout).map((one) => JSON.parse(one));
  const namesOf = async (...args: string[]) => {
    const { stdout, stderr } = await line.run("sessions", "--json", ...args);
    return { names: jsonOf(stdout).map(({ description }) => description.name), stderr };
  };

  beforeAll(async () => {
    await line.up();
    expect(await line.module(INVERSION)).toMatchObject({ code: 0 });
    const isTold = async () => (await namesOf("--name", "analysis/*")).names.length === 1;
    await until("the analyses have told", isTold, { withinMs: 20_000, everyMs: 100 });
  }, 60_000);
  afterAll(() => line.remove());

  test("are not among a user's programs, which is said", async () => {
    expect(await namesOf()).toEqual({ names: ["shop"], stderr: NOTE });
    const { stdout, stderr } = await line.run("sessions");
    expect(stdout).toContain("shop");
    expect(stdout).not.toContain("analysis/");
    expect(stderr).toBe(NOTE);
  }, 30_000);

  test("do not count against the limit", async () => {
    expect((await namesOf("--limit", "1")).names).toEqual(["shop"]);
    expect((await namesOf("--limit", "1", "--all")).names).toEqual(["analysis/stream"]);
  }, 30_000);

  test("are shown where all, their name or their id is asked for", async () => {
    const both = { names: ["analysis/stream", "shop"], stderr: "" };
    expect(await namesOf("--all")).toEqual(both);
    expect(await namesOf("--name", "*")).toEqual(both);
    const [{ session }] = await line.json("sessions", "--name", "analysis/stream");
    expect((await namesOf("--session", session)).names).toEqual(["analysis/stream"]);
  }, 30_000);

  test("have no lanes among the threads of programs", async () => {
    const threads = async (...args: string[]) => {
      const { stdout, stderr } = await line.run("threads", "--json", ...args);
      return { names: jsonOf(stdout).flatMap(({ name }) => name ?? []), stderr };
    };
    const few = await threads();
    expect(few.names).not.toContain("order.inversion");
    expect(few.stderr).toBe(NOTE);
    const all = await threads("--all");
    expect(all.names).toContain("order.inversion");
    expect(all.names.filter((name: string) => name !== "order.inversion").sort()).toEqual(few.names.sort());
  }, 30_000);
});
