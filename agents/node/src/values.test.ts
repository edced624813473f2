import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { recorded } from "./testing/program.ts";

describe("a program without types", () => {
  test("may give anything as a message's argument", () => {
    const { rows, child } = recorded(`
      const cart = { items: ["tea"] }; agent.log.info("{}", cart); cart.items.push("milk");
      agent.log.info("{} {} {}", undefined, Symbol("s"), () => 1); agent.log.info({ no: "format" });
      agent.log.error("{}", new Error("out of tea")); agent.log.info("{} {} {}", null, 2n ** 70n, new Uint8Array([1]));
      agent.log.info("{}", { get broken() { throw new Error("no"); } }); agent.log.info("{}", new Proxy({}, { get() { throw 1; } }));`);
    expect([child.status, child.stderr]).toEqual([0, ""]);
    const args = rows.map(({ values }) => values.args) as unknown[][];
    expect(args[0]).toEqual(["{ items: [ 'tea' ] }"]);
    expect(args[1]).toEqual(["undefined", "Symbol(s)", "[Function (anonymous)]"]);
    expect(String(args[3]?.[0])).toMatch(/^Error: out of tea\n {4}at /);
    expect(args[4]?.[0]).toBe(null);
    expect(rows).toHaveLength(7);
  });

  test("may give anything where a text belongs", () => {
    const { rows, child } = recorded(`
      agent.zone(5, () => 1); agent.zone(undefined, () => 1); agent.channel(7).info("x"); agent.note({ a: 1 });
      agent.counter(null, 1); agent.db(undefined, 5n); agent.thread(8); await agent.task(9, () => agent.note(null));
      agent.lock(undefined, { instance: 3 }).acquired(); agent.io("f").open(1n, new Error("late"));
      agent.queue("q").retry("job-17", 2, { code: 5 }); agent.queue("q").finish("job-17");
      agent.within(undefined, () => agent.note("in no trace"));`);
    expect([child.status, child.stderr]).toEqual([0, ""]);
    const of = (kind: string) => rows.filter((row) => row.kind === kind).map(({ values }) => values);
    expect(of("zone.begin").map(({ name }) => name)).toEqual(["5", "undefined"]);
    expect(
      of("note.text")
        .map(({ text }) => text)
        .sort(),
    ).toEqual(["in no trace", "null", "{ a: 1 }"]);
    expect(String(of("io.open")[0]?.error)).toMatch(/^Error: late/);
    expect(of("lock.acquired")[0]?.lock).toBe("undefined/3");
    expect(of("job.retry")[0]).toMatchObject({ cause: "{ code: 5 }", job: of("job.finish")[0]?.job });
  });

  test("hears once of numbers that a field cannot hold, and records the rest", () => {
    const { rows, child } = recorded(`
      const { defineKind, f } = await import(${JSON.stringify(join(import.meta.dirname, "../../../packages/record/src/index.ts"))});
      const orders = agent.kind(defineKind("cafe.order", [f.u64("price"), f.i64("change")]));
      for (const price of [220, -1, -2n, 2n ** 64n, NaN, 2n ** 64n - 1n]) orders.record({ price, change: -1 });`);
    expect(rows.map(({ values }) => values.price)).toEqual([
      220n,
      undefined,
      undefined,
      undefined,
      undefined,
      2n ** 64n - 1n,
    ]);
    expect(rows.every(({ values }) => values.change === -1n)).toBe(true);
    expect(child.stderr).toBe("wayward: cafe.order: price is -1, below 0; such values are left out\n");
  });

  test("is not ended by what no kind allows, and hears of it in one line", () => {
    const { child } = recorded(`
      const { defineKind, f } = await import(${JSON.stringify(join(import.meta.dirname, "../../../packages/record/src/index.ts"))});
      agent.kind(defineKind("user.bad", [f.values("list")])).record({ list: [Symbol("s")] });
      setTimeout(() => { agent.note("x"); console.log(agent.recording); process.exit(6); }, 200);`);
    expect([child.status, child.stdout]).toEqual([6, "false\n"]);
    expect(child.stderr).toMatch(/^wayward: records cannot be written: .*; nothing more is recorded\n$/);
  });
});
