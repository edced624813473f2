import { describe, expect, test } from "@jest/globals";
import { Program, together } from "./testing/program.ts";

const RULE = "live.deadlock";
const SECOND = 1_000_000_000n;

/** Two programs on two hosts that each wait for what the other holds. */
function crossed({ skew = 0n, boots = ["b1", "b2"] }: { skew?: bigint; boots?: readonly string[] } = {}) {
  const clock = { ms: 0 };
  const north = new Program("shipping", clock, { host: "north", boot: boots[0]! });
  const south = new Program("stocktaking", clock, { host: "south", boot: boots[1]!, skew });
  const [orders, stock] = [north.lock("orders"), north.lock("stock")];
  const [orders2, stock2] = [south.lock("orders"), south.lock("stock")];
  north.take("main", orders);
  south.take("main", stock2);
  north.wait("main", stock);
  south.wait("main", orders2);
  return { clock, north, south, stock, orders2 };
}

describe("deadlocks over sessions", () => {
  test("two hosts wait for each other", () => {
    const { north, south } = crossed();
    const [finding, ...more] = together([north, south], RULE);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: "error", count: 1, unproven: "" });
    expect(finding!.message).toContain("main of shipping on north");
    expect(finding!.message).toContain("main of stocktaking on south");
    expect(finding!.locks.toSorted()).toEqual(["orders", "stock"]);
    expect(finding!.sessions).toHaveLength(2);
    expect(finding!.evidence).toHaveLength(4);
  });

  test("it is still told after the waits have timed out, with the same fingerprint", () => {
    const { north, south, stock, orders2, clock } = crossed();
    const [lasting] = together([north, south], RULE);
    clock.ms += 5_000;
    north.giveUp("main", stock);
    south.giveUp("main", orders2);
    north.cut(true);
    south.cut(true);
    const [over] = together([north, south], RULE);
    expect(over).toMatchObject({ fingerprint: lasting!.fingerprint, unproven: "" });
  });

  test("waits that were at different times are none", () => {
    const clock = { ms: 0 };
    const pair = ["p", "q"].map((name) => new Program(name, clock));
    for (const [index, program] of pair.entries()) {
      const locks = [program.lock("a"), program.lock("b")];
      const [held, wanted] = index === 0 ? locks : locks.reverse();
      program.take("main", held!);
      program.wait("main", wanted!);
      program.giveUp("main", wanted!);
      program.release("main", held!);
    }
    expect(together(pair, RULE)).toEqual([]);
  });

  test("nor is who waited when its process ended", () => {
    const { north, clock } = crossed();
    north.cut(true);
    clock.ms += 1_000;
    const later = new Program("later", clock, { host: "south", boot: "b2" });
    later.take("main", later.lock("stock"));
    later.wait("main", later.lock("orders"));
    expect(together([north, later], RULE)).toEqual([]);
  });

  test.each([
    ["of hosts whose clocks may differ by more is unproven", ["b1", "b2"], false],
    ["by one clock is proven", ["b1", "b1"], true],
  ] as const)("a short one %s", (_, boots, isProven) => {
    const { north, south, stock, orders2 } = crossed({ boots });
    north.giveUp("main", stock);
    south.giveUp("main", orders2);
    const [finding] = together([north, south], RULE);
    expect(finding!.unproven === "").toBe(isProven);
  });

  test("one that lasts is found by clocks that are minutes apart", () => {
    const { north, south } = crossed({ skew: 300n * SECOND });
    expect(together([north, south], RULE)).toMatchObject([{ unproven: "" }]);
  });

  test("one by the flows of an event loop is unproven", () => {
    const clock = { ms: 0 };
    const [loop, threads] = [new Program("loop", clock, { agent: "wayward-node/1" }), new Program("threads", clock)];
    loop.take("main", loop.lock("a"));
    threads.take("main", threads.lock("b"));
    loop.wait("main", loop.lock("b"));
    threads.wait("main", threads.lock("a"));
    const [finding] = together([loop, threads], RULE);
    expect(finding!.unproven).toBe("main runs several flows of code at a time, which only tasks tell apart");
  });

  test("a local lock may be in the circle", () => {
    const clock = { ms: 0 };
    const [north, south] = [new Program("n", clock), new Program("s", clock)];
    const cache = north.lock("cache", { scope: "process", shared: "" });
    const [a, b] = [north.lock("a"), north.lock("b")];
    north.take("one", a);
    north.take("two", cache);
    south.take("main", south.lock("b"));
    north.wait("one", cache);
    north.wait("two", b);
    expect(together([north, south], RULE)).toEqual([]);
    south.wait("main", south.lock("a"));
    const [finding] = together([north, south], RULE);
    expect(finding!.locks.toSorted()).toEqual(["a", "b", "cache"]);
    expect(finding!.evidence).toHaveLength(6);
  });

  test("a local lock of the same name elsewhere is another one", () => {
    const clock = { ms: 0 };
    const pair = [new Program("n", clock), new Program("s", clock)];
    for (const [index, program] of pair.entries()) {
      const cache = program.lock("cache", { scope: "process", shared: "" });
      const a = program.lock("a");
      program.take("main", index === 0 ? cache : a);
      program.wait("main", index === 0 ? a : cache);
    }
    expect(together(pair, RULE)).toEqual([]);
  });

  test("readers do not wait for readers", () => {
    const clock = { ms: 0 };
    const pair = [new Program("n", clock), new Program("s", clock)];
    for (const [index, program] of pair.entries()) {
      const locks = [program.lock("a", { type: "rwlock" }), program.lock("b", { type: "rwlock" })];
      program.take("main", locks[index]!, "shared");
      program.wait("main", locks[1 - index]!, "shared");
    }
    expect(together(pair, RULE)).toEqual([]);
  });

  test("a circle inside one session is told by itself only", () => {
    const clock = { ms: 0 };
    const [alone, other] = [new Program("n", clock), new Program("s", clock)];
    const [a, b] = [alone.lock("a"), alone.lock("b")];
    other.take("main", other.lock("c"));
    alone.take("one", a);
    alone.take("two", b);
    alone.wait("one", b);
    alone.wait("two", a);
    expect(alone.analysed().findings.filter(({ rule }) => rule === RULE)).toHaveLength(1);
    expect(together([alone, other], RULE)).toEqual([]);
  });

  test("a session remembers its last 256 waits that are over", () => {
    const program = new Program("waits", { ms: 0 });
    const [a, b] = [program.lock("a"), program.lock("b")];
    program.take("main", a);
    for (let at = 0; at < 300; at++) {
      program.wait("main", b);
      program.giveUp("main", b);
    }
    const { waits } = program.analysed().shared!;
    expect(waits).toHaveLength(256);
    expect(waits.at(-1)!.at.eventNo).toBe(599);
  });
});
