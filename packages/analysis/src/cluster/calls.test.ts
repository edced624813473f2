import { describe, expect, test } from "@jest/globals";
import { Program, together } from "./testing/program.ts";

const RULE = "order.inversion";
/** Calls: trace and span. */
const [CALL, NEXT] = [1, 2].map((span) => `${"0a".repeat(16)}${"0".repeat(15)}${span}`) as [string, string];
const OWN = { scope: "process", shared: "" } as const;

function three() {
  const clock = { ms: 0 };
  return ["front", "middle", "back"].map((name) => new Program(name, clock, { host: name, boot: name })) as [
    Program,
    Program,
    Program,
  ];
}

/** The front holds `a` while it waits for a call of 4 ms, meanwhile `work` is done elsewhere. */
function held(front: Program, a: number, work: () => void, call = CALL): void {
  front.take("main", a);
  work();
  front.called("main", call, 4);
  front.release("main", a);
}

/** The middle takes a lock and gives it back to answer a call. */
function taken(middle: Program, lock: number, call = CALL): void {
  middle.answers("handler", call, () => {
    middle.take("handler", lock);
    middle.release("handler", lock);
  });
}

describe("orders over calls", () => {
  test("what is held over a call comes before what its answer takes", () => {
    const [front, middle] = three();
    const b = middle.lock("b");
    held(front, front.lock("a"), () => taken(middle, b));
    expect(together([front, middle], RULE)).toEqual([]);
    middle.both("other", [b, middle.lock("a")]);
    const [finding, ...more] = together([front, middle], RULE);
    expect(more).toEqual([]);
    expect(finding!.locks.toSorted()).toEqual(["a", "b"]);
    expect(finding!.message).toContain("over calls that are waited for");
    expect(finding!.sessions).toEqual([front.text, middle.text].sort());
    expect(finding!.evidence).toHaveLength(6);
  });

  test("so does what the answer of an answer's own call takes", () => {
    const [front, middle, back] = three();
    const b = back.lock("b");
    held(front, front.lock("a"), () => {
      middle.answers("handler", CALL, () => {
        taken(back, b, NEXT);
        middle.called("handler", NEXT, 4);
      });
    });
    back.both("other", [b, back.lock("a")]);
    expect(together([front, back], RULE)).toEqual([]);
    const [finding] = together([front, middle, back], RULE);
    expect(finding!.locks.toSorted()).toEqual(["a", "b"]);
    expect(finding!.sessions).toHaveLength(3);
  });

  test("a lock of one's own that calling back needs is found", () => {
    const [front, middle] = three();
    const cache = front.lock("cache", OWN);
    held(front, cache, () => {
      middle.answers("handler", CALL, () => {
        front.answers("callback", NEXT, () => {
          front.wait("callback", cache);
          front.giveUp("callback", cache);
        });
        middle.called("handler", NEXT, 3);
      });
    });
    expect(together([front, middle], RULE)).toMatchObject([{ locks: ["cache"] }]);
  });

  test("another lock of its class is none", () => {
    const [front, middle] = three();
    const row = (instance: string) => front.lock("row", { ...OWN, instance });
    held(front, row("1"), () => {
      middle.answers("handler", CALL, () => {
        front.answers("callback", NEXT, () => front.take("callback", row("2")));
        middle.called("handler", NEXT, 3);
      });
    });
    expect(together([front, middle], RULE)).toEqual([]);
  });

  test("what a process calls in itself counts as well", () => {
    const [front] = three();
    const [a, b] = [front.lock("a", OWN), front.lock("b", OWN)];
    held(front, a, () => taken(front, b));
    front.both("other", [b, a]);
    expect(together([front], RULE).map(({ locks }) => locks.toSorted())).toEqual([["a", "b"]]);
  });

  test.each([
    [
      "what is taken during the call",
      (front: Program, work: () => void) => {
        work();
        front.take("main", front.lock("a"));
        front.called("main", CALL, 5);
      },
    ],
    [
      "what is given back before it ends",
      (front: Program, work: () => void) => {
        front.take("main", front.lock("a"));
        work();
        front.release("main", front.lock("a"));
        front.called("main", CALL, 5);
      },
    ],
    ["another call", (front: Program, work: () => void) => held(front, front.lock("a"), work, NEXT)],
  ])("%s makes no order", (_, act) => {
    const [front, middle] = three();
    const [b, a] = [middle.lock("b"), middle.lock("a")];
    act(front, () => taken(middle, b));
    middle.both("other", [b, a]);
    expect(together([front, middle], RULE)).toEqual([]);
  });

  test("what is taken after the answer makes no order", () => {
    const [front, middle] = three();
    const b = middle.lock("b");
    held(front, front.lock("a"), () => middle.answers("handler", CALL, () => {}));
    middle.both("handler", [b, middle.lock("a")]);
    expect(together([front, middle], RULE)).toEqual([]);
  });

  test("readers that the answer lets pass make none", () => {
    const [front, middle] = three();
    const b = middle.lock("b", { type: "rwlock" });
    held(front, front.lock("a"), () => {
      middle.answers("handler", CALL, () => {
        middle.take("handler", b, "shared-recursive");
        middle.release("handler", b, "shared-recursive");
      });
    });
    middle.both("other", [b, middle.lock("a")], ["shared", "exclusive"]);
    expect(together([front, middle], RULE)).toEqual([]);
  });

  test("where there are too many calls, all sessions keep those of the same traces", () => {
    const [front, middle] = three();
    const [a, b] = [front.lock("a"), middle.lock("b")];
    const calls = Array.from({ length: 2_000 }, (_, at) => {
      // Spread over all ids, none of them at the lower end.
      const rank = Math.imul(at + 1, 0x9e3779b1) >>> 0;
      return rank.toString(16).padStart(8, "0").padEnd(48, "1");
    });
    for (const call of calls) held(front, a, () => taken(middle, b, call), call);
    const results = [front, middle].map((program) => program.analysed());
    const [kept, keptToo] = results.map(
      ({ shared }) =>
        new Set(
          shared!.edges
            .flatMap(({ from, to }) => [from, to])
            .filter(({ name }) => name === "")
            .map(({ key }) => key),
        ),
    );
    expect(kept!.size).toBeGreaterThan(100);
    expect(kept!.size).toBeLessThanOrEqual(512);
    expect([...keptToo!].sort()).toEqual([...kept!].sort());
    expect(results[0]!.leftOut.calls).toBe(2_000 - kept!.size);
    middle.both("other", [b, middle.lock("a")]);
    expect(together([front, middle], RULE)).toHaveLength(1);
  });
});
