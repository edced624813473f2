import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CommandLine, linesOf } from "../../testing/command-line.ts";
import { INVERSION } from "../../testing/inversion.ts";

describe("wayward findings of chosen sessions", () => {
  const line = new CommandLine("findings");
  const found = async (...args: string[]) =>
    linesOf((await line.run("findings", "--json", ...args)).stdout).map((one) => JSON.parse(one));

  beforeAll(async () => {
    await line.up();
    // The same fault in two sessions, and one that finds nothing.
    for (const name of ["shop", "mall"]) {
      expect(await line.module(INVERSION.replace('"shop"', `"${name}"`))).toMatchObject({ code: 0 });
    }
    for (let tries = 0; tries < 50 && (await found())[0]?.sessions.length !== 2; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }, 60_000);
  afterAll(() => line.remove());

  test("tells nothing of others, nor counts them", async () => {
    const [all] = await found();
    expect(all).toMatchObject({ count: 2, sessions: [expect.anything(), expect.anything()] });
    for (const name of ["shop", "mall"]) {
      const [{ session }] = await line.json("sessions", "--name", name);
      const [one, ...more] = await found("--name", name);
      expect(more).toEqual([]);
      expect(one).toMatchObject({ count: 1, sessions: [session] });
      expect(new Set(one.evidence.map((record: { session: string }) => record.session))).toEqual(new Set([session]));
      expect((await line.run("findings", "--name", name)).stderr).toMatch(/^\d+ records of 1 session, complete$/m);
    }
    expect(await line.run("findings", "--name", "nobody")).toMatchObject({
      stdout: "",
      stderr: "no session matches\n",
    });
  }, 60_000);
});
