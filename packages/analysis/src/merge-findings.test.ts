import { expect, test } from "@jest/globals";
import { MergedFindings, mergeFindings } from "./merge-findings.ts";
import { ordersOf } from "./orders.ts";
import type { ReportedFinding } from "./result.ts";

/** An inversion whose orders A B and B A were seen so often, the closing one first. */
function inversion(sessions: readonly string[], orders: Record<string, number>): ReportedFinding {
  const cycle = Object.entries(orders).map(([order, count]) => ({ from: order[0], to: order[1], count }));
  return {
    ...{ rule: "order.inversion", severity: "error", title: "", message: "", fingerprint: "0", unproven: "" },
    ...{ count: Math.max(...Object.values(orders)), first: 1n, last: 2n, locks: [], evidence: [] },
    ...{ sessions, detail: { cycle } },
  };
}

test("what a session tells again counts once, what sessions have seen adds up", () => {
  const told = [
    inversion(["s1"], { AB: 3, BA: 1 }),
    // It has closed the cycle the other way round.
    inversion(["s2"], { BA: 10, AB: 20 }),
    inversion(["s1"], { AB: 7, BA: 4 }),
    inversion(["s3"], { AB: 100, BA: 100 }),
  ];
  const [merged, ...more] = mergeFindings(told);
  expect(more).toEqual([]);
  expect(ordersOf(merged!)).toEqual([127, 114]);
  expect(merged).toMatchObject({ count: 127, sessions: ["s1", "s2", "s3"] });
  expect(mergeFindings(told.toReversed())[0]).toMatchObject({ count: 127, sessions: ["s1", "s2", "s3"] });
});

test("what sessions show together is not added to what more of them show", () => {
  const [two, three] = [inversion(["s1", "s2"], { AB: 3, BA: 1 }), inversion(["s1", "s2", "s3"], { AB: 4, BA: 1 })];
  expect(ordersOf(mergeFindings([two, three])[0]!)).toEqual([4, 1]);
});

test("details of which nothing is sure pass as they are", () => {
  const odd = [{}, { cycle: "none" }, { cycle: [null, 3] }].map((detail, index) => ({
    ...inversion([`s${index}`], { AB: 1 }),
    detail,
  }));
  expect(mergeFindings(odd)[0]!.detail).toEqual({});
  expect(ordersOf(odd[2]!)).toEqual([]);
});

test("a finding is asked for as it is so far", () => {
  const merged = new MergedFindings();
  const [one, other] = [inversion(["s1"], { AB: 3 }), inversion(["s2"], { AB: 2 })];
  expect(merged.of(one)).toBeUndefined();
  merged.add(one);
  expect(merged.of(one)).toEqual(one);
  merged.add(other);
  expect(merged.of(one)).toMatchObject({ count: 5, sessions: ["s1", "s2"] });
});
