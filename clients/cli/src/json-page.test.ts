import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CommandLine, ended, linesOf, said } from "./testing/command-line.ts";

/** Fields that a section of docs/json.md lists. */
function listed(section: string): string[] {
  const page = readFileSync(new URL("../../../docs/json.md", import.meta.url), "utf8");
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return [...text.matchAll(/^\| `(\w+)`/gm)].map(([, field]) => field!).sort();
}

describe("docs/json.md", () => {
  const line = new CommandLine("json-page");
  beforeAll(async () => {
    await line.up();
    await line.run("run", "--name", "sample", "--", process.execPath, "-e", "console.log('here')");
  }, 60_000);
  afterAll(() => line.remove());

  const printed = async (...args: string[]) => {
    const lines = await line.json(...args);
    expect(lines.length).toBeGreaterThan(0);
    return [...new Set(lines.flatMap((value) => Object.keys(value)))].sort();
  };

  test.each(["read", "sessions", "kinds", "doctor"])(
    "lists the fields that %s prints, and no other",
    async (command) => {
      expect(await printed(command)).toEqual(listed(command));
    },
  );

  test("lists those of stats, beside the groups' names, and says what is null without a measure", async () => {
    expect(await printed("stats", "--by", "kind")).toEqual([...listed("stats"), "kind"].sort());
    const [plain, measured] = await Promise.all([
      line.json("stats", "--by", "kind", "--kind", "event-loop"),
      line.json("stats", "--by", "kind", "--kind", "event-loop", "--measure", "max"),
    ]);
    const { count, contended, out_of_range, kind, ...sums } = plain[0];
    expect([kind, count, contended, out_of_range]).toEqual(["event-loop.lateness", "1", "0", false]);
    expect(Object.values(sums)).toEqual([null, null, null, null, null, null]);
    expect(measured[0].max).toMatch(/^\d+$/);
  });

  test("lists those of up, which tells that it serves and that it ends", async () => {
    const args = ["up", "--json", "--data", join(line.folder, "other"), "--port", "0", "--http-port", "0"];
    const up = line.start(args);
    const all = ended(up);
    await said(up, /"state":"ready".*\n/);
    up.kill("SIGTERM");
    const { code, stdout } = await all;
    expect(code).toBe(0);
    const lines = linesOf(stdout).map((text) => JSON.parse(text));
    expect(lines).toMatchObject([{ state: "ready" }, { state: "ending", signal: "SIGTERM" }]);
    expect((await fetch(lines[0].metrics).catch(() => undefined))?.status).toBeUndefined();
    expect([...new Set(lines.flatMap((value) => Object.keys(value)))].sort()).toEqual(listed("up"));
  }, 60_000);

  test("lists those of delete", async () => {
    const [{ session }] = await line.json("sessions");
    expect(await printed("delete", session)).toEqual(listed("delete"));
  });
});
