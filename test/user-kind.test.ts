import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { Started, wayward } from "../samples/cluster/process.ts";

const run = promisify(execFile);

test("a kind that only a program knows is shown live, filtered, summed, and there after a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-kind-"));
  const up = () =>
    wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], { NODE_OPTIONS: "" });
  let server = up();
  const env = {
    NODE_OPTIONS: "",
    WAYWARD_SPOOL: join(folder, "spool"),
    WAYWARD_SERVER: await server.says(/gRPC at (\S+?),/, 20_000),
  };
  const ask = async (...args: string[]) => {
    const options = { env: { ...process.env, ...env } };
    const { stdout } = await run(process.execPath, ["clients/cli/bin/wayward.mjs", ...args], options);
    return stdout;
  };
  const tail = wayward(["tail", "--kind", "cafe.order", "--limit", "3"], env);
  const collector = wayward(["collect"], env);
  const cafe = new Started(process.execPath, ["samples/kinds/cafe.ts"], env);
  expect(await tail.says(/cafe\/main cafe\.order (drink=espresso price=220 to_go=true)/, 10_000)).toContain("espresso");
  expect(await tail.ended).toBe(0);
  expect(await cafe.ended).toBe(0);
  await collector.stop();
  await ask("collect", "--once");
  const questions = [
    () => ask("read", "--kind", "cafe", "--where", "price >= 355 and drink = cappuccino"),
    () => ask("stats", "--kind", "cafe.order", "--by", "drink", "--measure", "price", "--json"),
    () => ask("kinds"),
  ];
  const before = await Promise.all(questions.map((question) => question()));
  expect(before[0]?.trim().split("\n")).toHaveLength(5);
  const [first] = (before[1] ?? "").split("\n").map((line) => JSON.parse(line || "null"));
  expect(first).toMatchObject({ drink: "cappuccino", count: "20", sum: String(20 * 340 + 190), max: "359" });
  expect(before[2]).toContain("drink: ref (key), price: u64 (measure ct), to_go: bool");
  await server.stop();
  server = up();
  env.WAYWARD_SERVER = await server.says(/gRPC at (\S+?),/, 20_000);
  const after = await Promise.all(questions.map((question) => question()));
  expect(after.map(withoutPlaces)).toEqual(before.map(withoutPlaces));
  await server.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

/** An answer without the places of archive and bus that it rests on: those move on. */
function withoutPlaces(text: string | undefined): string | undefined {
  return text?.replace(/"snapshot":\[.*?\],/, "");
}
