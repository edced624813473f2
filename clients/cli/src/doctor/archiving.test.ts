import { describe, expect, test } from "@jest/globals";
import { archivingOf, judge } from "./archiving.ts";

const NOW_S = 1_800_000_000;

/** Metrics as an archiver tells them. */
function metrics(leases: number, waiting: readonly number[], committedAgo?: number): string {
  return [
    "# TYPE wayward_archive_leases gauge",
    `wayward_archive_leases ${leases}`,
    ...waiting.map((count, partition) => `wayward_bus_messages{partition="${partition}"} ${count}`),
    ...(committedAgo === undefined
      ? []
      : [`wayward_archive_committed_at_seconds{partition="0"} ${NOW_S - committedAgo}`]),
    "",
  ].join("\n");
}

const seen = (...texts: string[]) => archivingOf(new Map(texts.map((text, index) => [`host:${index}`, text])));
const said = (first: ReturnType<typeof seen>, again = first) => judge("archiving", first, again, NOW_S * 1000);

describe("what doctor says of archiving", () => {
  test("has who holds the leases and when something was committed", () => {
    expect(said(seen(metrics(3, [0, 0, 0, 1], 12), metrics(1, [0, 0, 0, 1], 40)))).toEqual({
      hop: "archiving",
      ok: true,
      what: "of 4 partitions host:0 holds 3, host:1 holds 1; last commit 12 s ago, 1 block waits",
    });
    expect(said(seen(metrics(2, [0, 0])))).toMatchObject({
      ok: true,
      what: expect.stringContaining("no commit yet, 0 blocks wait"),
    });
  });

  test("fails where a partition is nobody's", () => {
    expect(said(seen(metrics(3, [0, 0, 0, 0], 1)))).toMatchObject({ ok: false });
  });

  test("fails where blocks wait and nothing is committed meanwhile", () => {
    const stuck = seen(metrics(1, [5], 300));
    expect(said(stuck)).toMatchObject({ ok: false, fix: expect.stringContaining("its store may be gone") });
    expect(said(stuck, seen(metrics(1, [5], 3)))).toMatchObject({ ok: true });
    expect(said(stuck, seen(metrics(1, [0], 300)))).toMatchObject({ ok: true });
    expect(said(seen(metrics(1, [5])))).toMatchObject({ ok: false });
  });

  test("fails where attempts go on to fail while blocks get late, with the reason", () => {
    const failing = (count: number, lagS: number) =>
      seen(
        `${metrics(1, [5], 30)}wayward_archive_failures_total{reason="BUS_UNAVAILABLE"} 0
wayward_archive_failures_total{reason="STORE_FULL"} ${count}
wayward_archive_lag_seconds{partition="0"} ${lagS}
`,
      );
    expect(said(failing(3, 20), failing(9, 45))).toMatchObject({
      ok: false,
      what: expect.stringMatching(/5 blocks wait; attempts fail with STORE_FULL$/),
    });
    // It failed once, and has caught up or does no more.
    expect(said(failing(3, 20), failing(9, 2))).toMatchObject({ ok: true });
    expect(said(failing(3, 20), failing(3, 45))).toMatchObject({ ok: true });
  });
});
