import { expect, test } from "@jest/globals";
import { archive } from "@wayward/api";
import { newSessionId, sessionText } from "@wayward/record";
import { decodeEntry, encodeEntry, entryHash, type LogAction } from "./log.ts";
import { applyEntry, PartitionState } from "./state.ts";

const id = (number: number) => Buffer.from(newSessionId(number, Buffer.alloc(10)));

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

test("an entry puts aside one block, as earlier releases wrote it, or many of several sessions", () => {
  const state = new PartitionState();
  const poison = (session: number, seq: bigint, cause: 1 | 2) => {
    return { session: id(session), seq, cause, dlqKey: `dlq/${session}-${seq}`, digest: Buffer.alloc(16, session) };
  };
  const put = (first: archive.Poison, ...others: archive.Poison[]) =>
    apply(state, { $case: "poison", value: { ...first, others } });
  const [one, two, three, four] = [poison(1, 0n, 1), poison(1, 1n, 2), poison(2, 0n, 1), poison(1, 2n, 1)].map((each) =>
    archive.Poison.fromPartial(each),
  ) as [archive.Poison, archive.Poison, archive.Poison, archive.Poison];
  put(one);
  const digest = (session: number) => Buffer.alloc(16, session).toString("hex");
  expect(state.sessions.get(sessionText(id(1)))?.poisoned.has(1n, digest(1))).toBe(false);
  put(two, three, four);
  const of = (session: number) => state.sessions.get(sessionText(id(session)))!;
  expect(of(1).poisoned.toArray()).toEqual([one, two, four]);
  expect(of(2).poisoned.toArray()).toEqual([three]);
  expect([of(1).lastN, of(2).firstN]).toEqual([1n, 1n]);
  expect([0n, 1n, 2n, 3n].map((seq) => of(1).poisoned.has(seq, digest(1)))).toEqual([true, true, true, false]);
  expect(of(1).poisoned.has(0n, digest(2))).toBe(false);
});
