import { describe, expect, test } from "@jest/globals";
import { combineResults } from "./combine.ts";
import { clusterInversions } from "./order.ts";
import { Program, together } from "./testing/program.ts";

const RULE = "order.inversion";

/** Programs of one clock; each takes pairs of locks, one inside the other. */
function programs(...pairs: readonly (readonly [outer: string, inner: string, modes?: readonly [string, string]])[]) {
  const clock = { ms: 0 };
  return pairs.map(([outer, inner, modes], index) => {
    const program = new Program(`p${index}`, clock, { host: `h${index}`, boot: `b${index}` });
    program.both("main", [program.lock(outer), program.lock(inner)], modes);
    return program;
  });
}

describe("orders over sessions", () => {
  test("two sessions take two locks in opposite orders", () => {
    const pair = programs(["a", "b"], ["b", "a"]);
    const [finding, ...more] = together(pair, RULE);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ severity: "error", count: 1, unproven: "", locks: ["a", "b"] });
    expect(finding!.sessions).toEqual(pair.map(({ text }) => text).sort());
    expect(finding!.evidence).toHaveLength(4);
    const cycle = finding!.detail.cycle as { from: string; to: string; held: object; taken: object }[];
    expect(cycle.map(({ from, to }) => `${from} ${to}`)).toEqual(["a b", "b a"]);
    expect(cycle.map(({ held }) => held)).toMatchObject([
      { program: "p0", host: "h0", lane: "main", eventNo: 0 },
      { program: "p1", host: "h1", lane: "main", eventNo: 0 },
    ]);
    expect(cycle.map(({ taken }) => taken)).toMatchObject([{ eventNo: 1 }, { eventNo: 1 }]);
  });

  test("three sessions close a circle that no two of them close", () => {
    const three = programs(["a", "b"], ["b", "c"], ["c", "a"]);
    expect(together(three.slice(0, 2), RULE)).toEqual([]);
    const [finding] = together(three, RULE);
    expect(finding!.locks).toEqual(["a", "b", "c"]);
    expect(finding!.sessions).toHaveLength(3);
  });

  test("one by the flows of an event loop is unproven until a lane of its own shows it", () => {
    const clock = { ms: 0 };
    const [loop, threads] = [new Program("loop", clock, { agent: "wayward-node/1" }), new Program("threads", clock)];
    const pair = (of: Program): [number, number] => [of.lock("a"), of.lock("b")];
    loop.both("main", pair(loop));
    threads.both("main", pair(threads).toReversed() as [number, number]);
    const [finding] = together([loop, threads], RULE);
    expect(finding!.unproven).toBe("main runs several flows of code at a time, which only tasks tell apart");
    const surer = new Program("surer", clock);
    surer.both("main", pair(surer));
    const [proven, ...more] = together([loop, threads, surer], RULE);
    expect(more).toEqual([]);
    expect(proven!.unproven).toBe("");
    const [{ held }] = proven!.detail.cycle as [{ held: object }];
    expect(held).toMatchObject({ program: "surer" });
  });

  test("the same order everywhere is no inversion", () => {
    expect(together(programs(["a", "b"], ["a", "b"], ["b", "c"]), RULE)).toEqual([]);
  });

  test("the fingerprint does not depend on the order of the sessions", () => {
    const views = programs(["a", "b"], ["b", "a"], ["a", "b"]).map((program) => program.analysed().shared!);
    const prints = [views, views.toReversed()].map((all) =>
      clusterInversions(all).map(({ fingerprint }) => fingerprint),
    );
    expect(prints[0]).toHaveLength(1);
    expect(prints[1]).toEqual(prints[0]);
  });

  const [e, s, r] = ["exclusive", "shared", "shared-recursive"] as const;
  test.each([
    ["readers that wait for writers", [s, e], [s, e], true],
    ["readers that do not pass writers", [s, s], [s, s], true],
    ["recursive readers of what readers hold", [s, r], [s, r], false],
    ["a recursive reader of what is held shared", [e, r], [s, e], false],
    ["recursive readers of what is held alone", [e, r], [e, r], true],
  ] as const)("%s", (_, first, second, isFound) => {
    expect(together(programs(["a", "b", first], ["b", "a", second]), RULE)).toHaveLength(isFound ? 1 : 0);
  });

  test("a cycle that one session shows weakly is told where another makes it strong", () => {
    const [weak, strong] = programs(["a", "b", [s, r]], ["a", "b"]);
    const [a, b] = [weak!.lock("a"), weak!.lock("b")];
    weak!.both("main", [b, a], [s, e]);
    expect(together([weak!, strong!], RULE)).toHaveLength(1);
  });

  test("what one session shows alone is told once, by itself", () => {
    const [alone, other] = programs(["a", "b"], ["a", "b"]);
    alone!.both("main", [alone!.lock("b"), alone!.lock("a")]);
    expect(together([alone!, other!], RULE)).toEqual([]);
    const results = [alone!, other!].map((program) => program.analysed());
    expect(combineResults(results).findings.filter(({ rule }) => rule === RULE)).toHaveLength(1);
    expect(clusterInversions(results.slice(0, 1).map(({ shared }) => shared!))).toEqual([]);
  });

  test("locks of one's own are not joined by their names", () => {
    const clock = { ms: 0 };
    const pair = ["p", "q"].map((name) => new Program(name, clock));
    const own = { scope: "process", shared: "" } as const;
    for (const [index, program] of pair.entries()) {
      const locks = [program.lock("shared"), program.lock("cache", own)] as const;
      program.both("main", index === 0 ? locks : [locks[1], locks[0]]);
    }
    expect(together(pair, RULE)).toEqual([]);
  });

  test("nor is a class that has locks of one's own among shared ones", () => {
    const clock = { ms: 0 };
    const pair = ["p", "q"].map((name) => new Program(name, clock));
    for (const [index, program] of pair.entries()) {
      const row = program.lock("row", { instance: "1" });
      const locks = [row, program.lock("table")] as const;
      program.both("main", index === 0 ? locks : [locks[1], locks[0]]);
    }
    expect(together(pair, RULE)).toHaveLength(1);
    const own = pair[1]!.lock("row", { instance: "2", scope: "process", shared: "" });
    pair[1]!.take("main", own);
    pair[1]!.release("main", own);
    expect(together(pair, RULE)).toEqual([]);
  });

  test("locks of a host are joined on that host only", () => {
    const onHosts = (hosts: readonly string[], boots: readonly string[]) => {
      const clock = { ms: 0 };
      const pair = hosts.map((host, index) => new Program(`p${index}`, clock, { host, boot: boots[index]! }));
      for (const [index, program] of pair.entries()) {
        const locks = [program.lock("a", { scope: "host" }), program.lock("b", { scope: "host" })] as const;
        program.both("main", index === 0 ? locks : [locks[1], locks[0]]);
      }
      return together(pair, RULE).length;
    };
    expect(onHosts(["h", "h"], ["b", "b"])).toBe(1);
    expect(onHosts(["h", "i"], ["b", "c"])).toBe(0);
    // Two containers of one machine.
    expect(onHosts(["h", "i"], ["b", "b"])).toBe(0);
  });

  test("a session tells of 20,000 edges at most", () => {
    const program = new Program("many", { ms: 0 });
    const inner = program.lock("inner", { instance: "i" });
    for (let at = 0; at < 20_010; at++) {
      program.both("main", [program.lock(`c${at}`, { instance: "i" }), inner]);
      if (at % 5_000 === 0) program.cut();
    }
    expect(program.analysed().shared!.edges).toHaveLength(20_000);
  });

  test("a session without shared locks tells nothing", () => {
    const program = new Program("own", { ms: 0 });
    const own = { scope: "process", shared: "" } as const;
    program.both("main", [program.lock("a", own), program.lock("b", own)]);
    expect(program.analysed().shared).toBeUndefined();
  });
});
