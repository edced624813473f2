import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { preloading } from "./preloading.ts";

const folder = mkdtempSync(join(tmpdir(), "preloading-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["a b", "a%20b%", `a"b'c`, "a#b?c"])("loads a module in a folder called %s", (name) => {
  const path = join(folder, name, "first.cjs");
  mkdirSync(join(folder, name));
  writeFileSync(path, `console.log("first", __filename);`);
  const env = { ...process.env, NODE_OPTIONS: preloading("--no-warnings", path) };
  const said = execFileSync(process.execPath, ["-e", `console.log("then")`], { env, encoding: "utf8" });
  expect(said).toBe(`first ${path}\nthen\n`);
});
