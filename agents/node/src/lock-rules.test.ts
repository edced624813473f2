import { describe, expect, test } from "@jest/globals";
import { parseLocks, remoteLocks, tracingOf } from "./lock-rules.ts";

const shop = { name: "shop", session: "0".repeat(26) };
const traceOf = (rules: readonly object[], name: string) =>
  tracingOf(remoteLocks(JSON.stringify({ rules }), shop), name);

describe("rules of locks", () => {
  test("as text", () => {
    const read = parseLocks("db*=contention, cache=off,a=b=on,queue=sampled/50,pool=sampled");
    expect(read.error === undefined && read.value.map(({ class: name, trace, oneIn }) => [name, trace, oneIn])).toEqual(
      [
        ["db*", "contention", 100],
        ["cache", "off", 100],
        ["a=b", "on", 100],
        ["queue", "sampled", 50],
        ["pool", "sampled", 100],
      ],
    );
    expect(parseLocks("")).toEqual({ value: [] });
  });

  test.each(["db", "=off", "db=loud", "db=sampled/0", "db=sampled/1.5", "db=sampled/x", "ok=on,db="])(
    "%j is refused and named",
    (text) => {
      expect(parseLocks(text).error).toMatchObject({
        code: "INVALID_ARGUMENT",
        reason: "BAD_OPTION",
        message: expect.stringContaining(`"${text.split(",").at(-1)}"`),
      });
    },
  );

  test("the last one that fits decides; without one all is recorded", () => {
    const rules = [
      { class: "*", trace: "contention" },
      { class: "db*", trace: "off" },
      { class: "db-pool", trace: "sampled", oneIn: 7 },
    ];
    expect(traceOf(rules, "db-pool")).toMatchObject({ trace: "sampled", oneIn: 7 });
    expect(traceOf(rules, "db")).toMatchObject({ trace: "off" });
    expect(traceOf(rules, "cache")).toMatchObject({ trace: "contention" });
    expect(traceOf([], "cache")).toMatchObject({ trace: "on" });
  });

  test.each([
    ["db", "db", true],
    ["db", "db2", false],
    ["*", "", true],
    ["db*", "db", true],
    ["*pool", "db.pool", true],
    ["*pool", "db.pool2", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["ab*ba", "aba", false],
    ["a.c", "abc", false],
    ["**x", "yx", true],
  ])("%s and %s: %j", (pattern, name, expected) => {
    expect(traceOf([{ class: pattern, trace: "off" }], name).trace === "off").toBe(expected);
  });

  test("are for whom they name", () => {
    const off = { class: "db", trace: "off" };
    expect(traceOf([{ ...off, name: "shop" }], "db").trace).toBe("off");
    expect(traceOf([{ ...off, name: "other" }], "db").trace).toBe("on");
    expect(traceOf([{ ...off, session: shop.session }], "db").trace).toBe("off");
    expect(traceOf([{ ...off, session: "1".repeat(26) }], "db").trace).toBe("on");
  });

  test.each([
    "",
    "not json",
    "7",
    '{"rules":7}',
    '{"rules":[null,7,"x",[]]}',
    '{"rules":[{"class":"db"},{"class":"db","trace":"loud"},{"class":7,"trace":"off"},{"class":"","trace":"off"}]}',
    '{"rules":[{"class":"db","trace":"sampled","oneIn":0},{"class":"db","trace":"sampled","oneIn":"9"}]}',
  ])("what cannot be read counts as none: %s", (value) => {
    expect(remoteLocks(value, shop)).toEqual([]);
  });
});
