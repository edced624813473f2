import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AGENT, CommandLine, ended, said } from "../../testing/command-line.ts";

const root = join(import.meta.dirname, "../../../../..");
/** Above what a control topic takes. */
const LONG = "x".repeat(17_000);
const NOBODY = "0".repeat(26);

describe("wayward locks trace and levels", () => {
  const line = new CommandLine("trace");
  let shop: ChildProcess;
  const wayward = async (...args: string[]) => {
    const answer = await line.run(...args);
    return { ...answer, lines: answer.stdout.trimEnd().split("\n") };
  };

  beforeAll(async () => {
    await line.up();
    const program = `import { start } from ${JSON.stringify(AGENT)}; const agent = start({ name: "shop" });
      const pool = agent.mutex("db-pool"); const db = agent.channel("db"); setInterval(() => { pool.tryAcquire()?.release(); db.info("x"); }, 20);
      await agent.delivered(); console.log("delivered");`;
    shop = line.startNode(["--input-type=module", "-e", program]);
    await said(shop, /delivered/);
  }, 60_000);
  afterAll(async () => {
    shop.kill("SIGTERM");
    await ended(shop);
    await line.remove();
  });

  test("show rules and who follows them, before, while and after they are set", async () => {
    const before = await wayward("locks", "trace");
    expect(before.lines.slice(0, 2)).toEqual(["control/locks was never set", expect.stringContaining("no rules")]);
    expect(before.lines.at(-1)).toMatch(/^[0-9a-v]{26} +shop +\S+ +- +-$/);
    const set = await wayward("locks", "trace", "--class", "db*", "sampled", "--one-in", "7", "--wait", "10");
    expect(set.stdout).toMatch(/^control\/locks is at revision 1\napplied by 1 running session within \d+ ms\n$/);
    expect(set).toMatchObject({ code: 0, stderr: "" });
    const after = await wayward("locks", "trace");
    expect(after.stdout).toMatch(/^CLASS +TRACE +ONE IN +NAME +SESSION\ndb\* +sampled +7$/m);
    expect(after.lines.at(-1)).toMatch(/ shop +\S+ +1 +\d{4}-\d\d-\d\dT[\d:.]{12} +db-pool=sampled\/7$/);
    await wayward("locks", "trace", "--class", "cache", "off", "--name", "shop");
    await wayward("locks", "trace", "--clear", "--class", "db*");
    const last = await wayward("locks", "trace");
    expect(last.stdout).not.toContain("db*");
    expect(last.stdout).toMatch(/^cache +off +shop$/m);
    await wayward("locks", "trace", "--clear");
    expect((await wayward("locks", "trace")).stdout).toContain("no rules");
  }, 60_000);

  test("set levels, and take them back", async () => {
    const set = await wayward("levels", "--channel", "db", "warn", "--wait", "10");
    expect(set.stdout).toMatch(/^control\/levels is at revision 1\napplied by 1 running session within \d+ ms\n$/);
    expect((await wayward("levels")).stdout).toMatch(/^CHANNEL +LEVEL +NAME +SESSION\ndb +warn$/m);
    expect((await wayward("levels", "--clear", "--wait", "10")).stdout).toContain("applied by 1 running session");
    expect((await wayward("levels")).stdout).toContain("no rules");
  }, 60_000);

  test("say that nobody runs whom it concerns", async () => {
    const { code, stdout, stderr } = await wayward("levels", "--channel", "db", "off", "--name", "nobody");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/is at revision \d+\n$/)]);
    expect(stderr).toBe("no session runs that it concerns; those that start later follow it\n");
    await wayward("levels", "--clear");
  }, 60_000);

  test.each([
    ["locks trace", [["--class", "db*", "off"], []]],
    ["levels", [["--channel", "db", "warn"], []]],
  ] as const)(
    "%s has the fields of its table in docs/json.md as JSON, and no other",
    async (command, calls) => {
      const page = readFileSync(join(root, "docs/json.md"), "utf8");
      const section = page.split(/^## /m).find((part) => part.startsWith(`${command}\n`)) ?? "";
      const listed = [...section.matchAll(/^\| `(\w+)` +\| (\w+) /gm)].map(([, field, part]) => `${part}.${field}`);
      const printed = new Set<string>();
      for (const args of calls) {
        const { lines } = await wayward(...command.split(" "), ...args, "--json", "--wait", "10");
        for (const [index, one] of lines.entries()) {
          for (const key of Object.keys(JSON.parse(one))) printed.add(`${index === 0 ? "topic" : "session"}.${key}`);
        }
      }
      expect([...printed].sort()).toEqual([...listed].sort());
      await wayward(...command.split(" "), "--clear");
    },
    60_000,
  );

  const CASES: readonly [string, number, RegExp][] = [
    ["locks trace loud --class db", 2, /Allowed choices are on, off, contention, sampled/],
    ["locks trace off", 2, /--class is "", not a class/],
    ["locks trace --class db", 2, /the mode is "", not one of on, off/],
    ["locks trace sampled --class db --one-in 0", 2, /--one-in is "0", not a whole number from 1/],
    ["locks trace sampled --class db --one-in 1000000001", 2, /--one-in is "1000000001", not at most 1000000000/],
    ["locks trace off --class db --one-in 5", 2, /--one-in is "5"/],
    ["locks trace off --class db --wait soon", 2, /--wait is "soon", not seconds from 0 to 3600/],
    ["locks trace off --class db --session me", 2, /BAD_SESSION_ID/],
    [`locks trace off --class db --session ${NOBODY}`, 3, /NO_SESSION/],
    ["locks trace off --clear", 2, /the mode is "off"/],
    ["locks trace off --class LONG", 2, /at most 16384.*BAD_CONTROL/],
    ["locks trace --server 127.0.0.1:1", 4, /no server answers at 127.0.0.1:1/],
    ["locks", 2, /Usage/],
    ["levels deafening --channel db", 2, /Allowed choices/],
    ["levels warn", 2, /--channel is "", not a channel/],
    ["levels --channel db", 2, /the level is ""/],
  ];

  test.each(CASES)(
    "%s ends with %i, says why and sets nothing",
    async (typed, code, says) => {
      const before = await wayward("locks", "trace", "--json");
      expect(await wayward(...typed.replace("LONG", LONG).split(" "))).toMatchObject({
        code,
        stdout: "",
        stderr: expect.stringMatching(says),
      });
      expect((await wayward("locks", "trace", "--json")).lines[0]).toBe(before.lines[0]);
    },
    30_000,
  );
});
