import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Client, connect } from "@wayward/client";
import { sarifProblems } from "@wayward/testing";
import { dropSuppression, storeSuppression } from "../../suppressions/stored.ts";
import { CommandLine, ended, linesOf } from "../../testing/command-line.ts";
import { INVERSION } from "../../testing/inversion.ts";

const root = join(import.meta.dirname, "../../../../..");
const NOBODY = "0".repeat(32);

/** Fields that a section of docs/json.md lists, of one kind of line where it has several. */
function listed(section: string, line = ""): string[] {
  const page = readFileSync(join(root, "docs/json.md"), "utf8");
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(new RegExp(`^\\| \`(\\w+)\` *\\| ${line}`, "gm"))].map(([, field]) => field!).sort();
}

describe("wayward findings suppress", () => {
  const line = new CommandLine("suppress");
  let client: Client;
  let fingerprint = "";

  const wayward = (...args: string[]) => line.run(...args);
  const suppress = (...args: string[]) => wayward("findings", "suppress", ...args);
  const begin = async () => {
    client = connect(await line.up());
  };
  const end = async () => {
    client.close();
    await line.down();
  };
  /** What was told in the lines of JSON that are findings. */
  const told = ({ stdout }: { readonly stdout: string }) =>
    linesOf(stdout)
      .filter((one) => one.startsWith('{"rule"'))
      .map((one) => JSON.parse(one));

  beforeAll(async () => {
    await begin();
    expect(await line.module(INVERSION)).toMatchObject({ code: 0 });
    // The live analyses tell it within a second.
    for (let tries = 0; tries < 50 && fingerprint === ""; tries++) {
      const [live] = told(await wayward("findings", "--json"));
      fingerprint = live?.fingerprint ?? "";
    }
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
  }, 60_000);
  afterAll(async () => {
    await end();
    await line.remove();
  });

  test("leaves the finding out wherever it is asked for, and says how many", async () => {
    expect(await wayward("findings", "suppressions")).toMatchObject({ code: 0, stdout: "nothing is suppressed\n" });
    const set = await suppress(fingerprint, "--reason", "runs alone", "--expires", "2999-01-31", "--by", "ann");
    expect(set).toEqual({ code: 0, stdout: `${fingerprint} is suppressed until 2999-01-31\n`, stderr: "" });
    const note = /^1 finding is suppressed; --all shows them$/m;
    const order = await wayward("locks", "order");
    expect(order).toMatchObject({ code: 0, stdout: "nothing found\n", stderr: expect.stringMatching(note) });
    const live = await wayward("findings");
    expect(live).toMatchObject({ code: 0, stdout: "", stderr: expect.stringMatching(note) });
    for (const command of [["locks", "order"], ["findings"]]) {
      const { stdout, stderr } = await wayward(...command, "--all");
      expect(stdout).toMatch(/^error order.inversion: [\s\S]*^ {2}suppressed +until 2999-01-31 by ann: runs alone$/m);
      expect(stderr).toMatch(/^1 finding is suppressed$/m);
      // What is not counted live is not told.
      expect(stdout).toMatch(/is taken while orders is held/);
      expect(stdout).not.toMatch(/seen 0 times/);
    }
    const [one] = told(await wayward("locks", "order", "--all", "--json"));
    const suppression = { reason: "runs alone", expires: "2999-01-31", by: "ann", expired: false };
    expect(one).toMatchObject({ fingerprint, suppression });
    expect((await wayward("findings", "suppressions")).stdout).toMatch(
      new RegExp(`^FINGERPRINT .*\\n${fingerprint} +active +2999-01-31 +- +ann +runs alone\\n$`),
    );
  }, 60_000);

  test("is left out live too", async () => {
    const watching = [["--all"], []].map((more) => line.start(["findings", "--live", ...more]));
    const [all, others] = watching.map(ended);
    await new Promise<void>((resolve) => {
      watching[0]!.stdout?.on("data", (chunk) => String(chunk).includes("order.inversion") && resolve());
    });
    // The other one has begun at the same time.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const child of watching) child.kill("SIGINT");
    expect((await all)!.stdout).toMatch(/^ {2}suppressed +until 2999-01-31 by ann: runs alone$/m);
    expect(await others).toMatchObject({ stdout: "", stderr: "1 finding is suppressed; --all shows them\n" });
  }, 60_000);

  test("passes checks, which report it; a baseline does not take it up", async () => {
    const text = await wayward("check");
    expect(text).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 finding is suppressed on the server$/m) });
    expect(text.stdout).toMatch(
      /^error .*: suppressed until 2999-01-31 by ann: runs alone\n[\s\S]*1 finding: 1 suppressed\n/,
    );
    const log = JSON.parse((await wayward("check", "--format", "sarif")).stdout);
    expect(sarifProblems(log)).toEqual([]);
    expect(log.runs[0].results[0].suppressions).toMatchObject([{ kind: "external" }]);
    expect(await wayward("check", "--write-baseline", "new.json")).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(line.folder, "new.json"), "utf8")).findings).toEqual([]);
  }, 60_000);

  test("outlives the server", async () => {
    await end();
    await begin();
    expect((await wayward("locks", "order")).stdout).toBe("nothing found\n");
  }, 60_000);

  test("counts no more once it has expired, and that is told", async () => {
    await storeSuppression(client, { fingerprint, reason: "for a while", expires: "2001-01-01" });
    const order = await wayward("locks", "order");
    expect(order.stdout).toMatch(/^ {2}suppressed +expired 2001-01-01: for a while$/m);
    expect(order.stderr).toMatch(/^1 finding is told again: the suppression has expired$/m);
    expect(await wayward("check")).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/fails; it was suppressed until 2001-01-01/),
      stderr: expect.stringMatching(/told again/),
    });
    expect((await wayward("findings", "suppressions")).stdout).toMatch(/ expired +2001-01-01 /);
  }, 60_000);

  test("is about one rule where one is named", async () => {
    await storeSuppression(client, { fingerprint, reason: "x", rule: "wait-type" });
    expect(told(await wayward("findings", "--json"))).toMatchObject([{ fingerprint, suppression: null }]);
  }, 60_000);

  test("is taken back", async () => {
    const back = await wayward("findings", "unsuppress", fingerprint);
    expect(back).toMatchObject({ code: 0, stdout: `${fingerprint} is no longer suppressed\n` });
    expect(told(await wayward("locks", "order", "--json"))).toMatchObject([{ fingerprint, suppression: null }]);
    expect(await wayward("check")).toMatchObject({ code: 5 });
  }, 60_000);

  test("has the fields of its tables in docs/json.md, and no other", async () => {
    const fields = ({ stdout }: { readonly stdout: string }) => Object.keys(JSON.parse(stdout)).sort();
    expect(fields(await suppress(fingerprint, "--reason", "x", "--json"))).toEqual(listed("findings suppress"));
    expect(fields(await wayward("findings", "suppressions", "--json"))).toEqual(listed("findings suppressions"));
    expect(fields(await wayward("findings", "--all", "--json"))).toEqual(
      listed("check", "finding").filter((field) => !["outcome", "baseline"].includes(field)),
    );
    const taken = await wayward("findings", "unsuppress", fingerprint, "--json");
    expect(fields(taken)).toEqual(["fingerprint", "revision", "topic"]);
  }, 60_000);

  test("keeps 500 beside each other, says when a topic is full, and changes only what is meant", async () => {
    const digits = "0123456789abcdef";
    const named = (index: number) => `${digits[index % 16]}${String(index).padStart(31, "0")}`;
    const reason = "r".repeat(120);
    await Promise.all(
      Array.from(digits, async (_, first) => {
        for (let index = first; index < 500; index += 16) {
          await storeSuppression(client, { fingerprint: named(index), reason });
        }
      }),
    );
    const lines = async () => (await wayward("findings", "suppressions", "--json")).stdout.trim().split("\n");
    expect(await lines()).toHaveLength(500);
    let held = 500 / 16;
    const more = async () => {
      for (; held < 1000; held++) await storeSuppression(client, { fingerprint: named(16 * Math.ceil(held)), reason });
    };
    await expect(more()).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "SUPPRESSIONS_FULL",
      message: expect.stringMatching(/^control\/suppressions-0 holds \d+ suppressions .* take back .* begins with 0/),
    });
    const before = (await lines()).length;
    await dropSuppression(client, named(16));
    expect(await lines()).toHaveLength(before - 1);
  }, 60_000);

  test("shows entries that are none as such; they hide nothing", async () => {
    await client.setControl("control/suppressions-f", JSON.stringify({ rules: [{ fingerprint }, { reason: "y" }] }));
    expect(await wayward("findings", "suppressions")).toMatchObject({
      code: 0,
      stderr: "2 of control/suppressions-f cannot be read and hide nothing\n",
    });
  }, 30_000);

  const CASES: readonly [string, readonly string[], number, RegExp][] = [
    ["no fingerprint", ["suppress", "abc", "--reason", "x"], 2, /the fingerprint is "abc", not 32 hex digits/],
    ["capitals", ["suppress", "A".repeat(32), "--reason", "x"], 2, /the fingerprint is "A+", not 32 hex/],
    ["no reason", ["suppress", NOBODY], 2, /--reason is "", not a text of 1 to 120 characters/],
    ["a blank reason", ["suppress", NOBODY, "--reason", " "], 2, /--reason is ""/],
    [
      "a long reason",
      ["suppress", NOBODY, "--reason", "x".repeat(121)],
      2,
      /--reason is "x{80}", not a text of 1 to 120/,
    ],
    ["an unknown rule", ["suppress", NOBODY, "--reason", "x", "--rule", "misues"], 2, /--rule is "misues", not a rule/],
    [
      "no time",
      ["suppress", NOBODY, "--reason", "x", "--expires", "soon"],
      2,
      /--expires is "soon", not a day such as/,
    ],
    [
      "a past day",
      ["suppress", NOBODY, "--reason", "x", "--expires", "2001-01-01"],
      2,
      /"2001-01-01", not in the future/,
    ],
    ["nobody", ["suppress", NOBODY, "--reason", "x", "--by", ""], 2, /--by is "", not a name/],
    ["to take back nonsense", ["unsuppress", "abc"], 2, /the fingerprint is "abc"/],
    ["to take back what is not", ["unsuppress", "e".repeat(32)], 3, /no finding e+ is suppressed.*\[NO_SUPPRESSION\]/],
  ];
  test.each(CASES)(
    "refuses %s in one line",
    async (_, args, code, says) => {
      const { stdout, stderr, ...rest } = await wayward("findings", ...args);
      expect({ ...rest, stdout, lines: stderr.trim().split("\n") }).toEqual({
        code,
        stdout: "",
        lines: [expect.stringMatching(says)],
      });
    },
    30_000,
  );

  test("where suppressions cannot be read, findings are told and so is that", async () => {
    line.env.WAYWARD_INGEST = "127.0.0.1:1";
    const order = await wayward("locks", "order");
    expect(order.stdout).toMatch(/^error order.inversion/);
    expect(order.stderr).toMatch(/^suppressions cannot be read, so none counts: no server answers at 127.0.0.1:1/m);
    expect(await wayward("findings", "suppressions")).toMatchObject({ code: 4 });
  }, 60_000);
});
