import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parseScript } from "./parse.ts";

const TYPES = ["mutex", "recursive", "rwlock", "semaphore", "condition", "barrier", "ww"];
const PAGE = readFileSync(new URL("../../../../docs/lock-scripts.md", import.meta.url), "utf8");

/** The page's table of ops whose subject is an object: op, what it may be. */
const rows = [
  ...(PAGE.split("## Ops")[1] ?? "").split("\n## ")[0]!.matchAll(/^\| (`.*?) +\| ([a-z, ]+?) +\|/gm),
].flatMap(([, ops, subject]) => {
  const kinds = subject!.split(", ").filter((kind) => ["lock", "semaphore", "condition", "barrier"].includes(kind));
  return kinds.length === 0 ? [] : [...ops!.matchAll(/`([a-z-]+)`/g)].map(([, op]) => [op!, kinds] as const);
});
const isOf = (type: string, kinds: readonly string[]) =>
  kinds.includes(["semaphore", "condition", "barrier"].includes(type) ? type : "lock");
const OPTIONS: Record<string, object> = { wait: { with: "L" }, "barrier-wait": { count: 2 } };
const script = (type: string, op: string) =>
  JSON.stringify({ name: "s", locks: { A: { type } }, ops: [["t", op, "A", OPTIONS[op] ?? {}]] });

describe("an op on an object that it does not fit", () => {
  test("the page's table is read", () => expect(rows.length).toBeGreaterThan(14));

  test.each(rows.flatMap(([op, kinds]) => TYPES.map((type) => [op, type, isOf(type, kinds)] as const)))(
    "%s on a %s: %s",
    (op, type, fits) => {
      const text = `\n${script(type, op)}`;
      if (fits) expect(parseScript(text)).toHaveLength(1);
      else expect(() => parseScript(text)).toThrow(`line 2, scenario "s", op 0 ["t","${op}","A"`);
    },
  );

  test("counts for what ops imply, and for the lock of a wait", () => {
    const ops = (...list: unknown[]) => JSON.stringify({ name: "s", ops: list });
    expect(() => parseScript(ops(["t", "signal", "A"], ["t", "acquire", "A"]))).toThrow(/op 1 .*"A" is a condition/);
    const wait = ["t", "wait", "C", { with: "S" }];
    expect(() => parseScript(ops(["t", "post", "S"], wait))).toThrow(/op 1 .*"S" is a semaphore, not a lock/);
  });
});
