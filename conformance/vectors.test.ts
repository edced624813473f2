import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { BUILTIN_KINDS } from "@wayward/record";
import { describeBlock } from "./describe.ts";
import { refusals } from "./refusals.ts";
import { goodSamples } from "./samples.ts";

const folder = new URL("vectors/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".bin"))
  .map((name) => name.slice(0, -4));

describe("the vectors", () => {
  test.each(names)("%s means what it says", (name) => {
    const meaning = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
    expect(describeBlock(readFileSync(new URL(`${name}.bin`, folder)))).toEqual(meaning);
  });

  test("are what this release writes", () => {
    for (const { name, bytes } of goodSamples()) {
      const meaning = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
      expect(describeBlock(bytes)).toEqual(meaning);
    }
  });

  test("cover every kind and every code that FORMAT.md lists", () => {
    for (const { name } of BUILTIN_KINDS) expect(names).toContain(`kind-${name}`);
    const format = readFileSync(new URL("../packages/block/FORMAT.md", import.meta.url), "utf8");
    const listed = [...format.slice(format.indexOf("## Errors")).matchAll(/^\| ([A-Z_]+) +\|/gm)].map(
      ([, code]) => code,
    );
    const base = readFileSync(new URL("kind-log.message.bin", folder));
    const made = new Set(refusals(base).map(({ error }) => error));
    expect([...made].sort()).toEqual(listed.sort());
  });
});
