import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { makeFolder } from "./make-folder.ts";

test("a folder is made with those above it, and the uppermost new one is told", async () => {
  await using folder = await tempFolder("make-folder");
  const deep = join(folder.path, "a", "b", "c");
  expect(makeFolder(deep, 0o700)).toBe(join(folder.path, "a"));
  expect(statSync(join(folder.path, "a")).mode & 0o777).toBe(0o700);
  expect(makeFolder(deep)).toBeUndefined();
  expect(makeFolder(join(deep, "d"))).toBe(join(deep, "d"));
});

test("what stands in the way is told, also where the system says that a folder which is there is not", async () => {
  await using folder = await tempFolder("make-folder");
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  const nowhere = join(folder.path, "nowhere");
  symlinkSync(join(folder.path, "gone"), nowhere);
  expect(() => makeFolder(file)).toThrow(/EEXIST/);
  expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR/);
  expect(() => makeFolder(join(nowhere, "below"))).toThrow(/ENOENT|EEXIST/);
  if (existsSync("/proc/self")) expect(() => makeFolder("/proc/nope/below")).toThrow(/ENOENT/);
});
