import { expect, test } from "@jest/globals";
import { archive } from "@wayward/api";
import { decodeEntry, encodeEntry, entryHash, type LogAction } from "./log.ts";
import { applyEntry, PartitionState } from "./state.ts";

function apply(state: PartitionState, action: LogAction): void {
  const entry = { n: state.n + 1n, previous: state.entryHash, writer: Buffer.alloc(16), written: 0n, action };
  const bytes = encodeEntry(entry);
  applyEntry(state, decodeEntry(bytes), entryHash(bytes));
}

test("up to where blocks came is told by each commit, and not by one of an earlier release that left some of its batch", () => {
  const state = new PartitionState();
  const commits: [incarnation: string, busSeq: bigint, through: bigint, told: bigint | undefined][] = [
    ["a", 10n, 0n, 10n],
    ["a", 10n, 0n, undefined],
    ["a", 20n, 0n, 20n],
    ["a", 20n, 30n, 30n],
    // Another archiver's batch that began earlier.
    ["a", 25n, 25n, 30n],
    ["a", 25n, 0n, undefined],
    ["a", 25n, 40n, 40n],
    ["b", 0n, 5n, 5n],
    ["c", 0n, 0n, undefined],
    ["c", 7n, 0n, 7n],
  ];
  expect(state.through).toBe(0n);
  for (const [incarnation, busSeq, through, told] of commits) {
    apply(state, { $case: "commit", value: archive.Commit.fromPartial({ incarnation, busSeq, through }) });
    expect([incarnation, busSeq, through, state.through]).toEqual([incarnation, busSeq, through, told]);
  }
});
