import { expect, test } from "@jest/globals";
import { archive, block } from "@wayward/api";
import { newSessionId, sessionText } from "@wayward/record";
import fc from "fast-check";
import { encodeCheckpoint, forgetCheckpoint, noteCheckpoint } from "./checkpoint.ts";
import { EndedSessions } from "./ended-sessions.ts";
import type { LogKeys } from "./keys.ts";
import { loadPartition } from "./load.ts";
import { encodeEntry, entryHash, type LogAction } from "./log.ts";
import type { ArchivedSession } from "./session-table.ts";
import { applyEntry, PartitionState } from "./state.ts";

const id = (number: number) => Buffer.from(newSessionId(number + 1, Buffer.alloc(10)));
const session = fc.nat(3).map(id);

const action: fc.Arbitrary<LogAction> = fc.oneof(
  fc
    .tuple(session, fc.nat(20), fc.nat(5), fc.boolean(), fc.nat(3))
    .map(([session, seq, records, ended, more]): LogAction => {
      const [first, last] = [BigInt(seq), BigInt(seq + records)];
      const end = ended ? block.EndMark.fromPartial({ lastSeq: last }) : undefined;
      const count = BigInt(records);
      const times = { firstTime: first, lastTime: last };
      const blocks = {
        session,
        ranges: [{ first, last }],
        records: count,
        bytes: 9n,
        ...times,
        description: block.SessionDescription.fromPartial({ name: `of ${seq}` }),
        end,
      };
      // As an earlier release wrote it, or with more of its batch left to do.
      const through = more === 0 ? 0n : first + BigInt(more);
      const chunk = { key: `c/${seq}`, bytes: 9n, sha256: Buffer.alloc(32) };
      return { $case: "commit", value: { chunk, sessions: [blocks], incarnation: "a", busSeq: first, through } };
    }),
  session.map((session): LogAction => ({ $case: "delete", value: { session } })),
  session.map((session): LogAction => ({ $case: "expire", value: { sessions: [session] } })),
  fc.nat(20).map((seq): LogAction => ({ $case: "collect", value: { keys: [`c/${seq}`] } })),
  fc.array(session, { minLength: 1, maxLength: 3 }).map((sessions): LogAction => {
    const of = (session: Buffer) => ({ session, seq: 3n, dlqKey: "dlq/x", digest: Buffer.alloc(16) });
    const [first, ...others] = sessions.map(of);
    return { $case: "poison", value: archive.Poison.fromPartial({ ...first, others }) };
  }),
);

/** All that a state tells of its sessions, whether they are objects or stored. */
function shownBy({ sessions, keptBytes, through }: PartitionState) {
  const all = [...sessions].sort(([a], [b]) => (a < b ? -1 : 1));
  const keys = [...sessions.keys()].sort();
  const got = keys.map((key) => [key, sessions.get(key)]);
  return {
    keptBytes,
    through,
    size: sessions.size,
    keys: keys.filter((key) => sessions.has(key)),
    descriptions: keys.map((key) => sessions.description(key)),
    got: got.map(([key, session]) => [key, shape(session as ArchivedSession)]),
    all: all.map(([key, session]) => [key, shape(session)]),
  };
}

function shape({ committed, poisoned, ...session }: ArchivedSession) {
  return { ...session, committed: committed.toArray(), poisoned: poisoned.toArray() };
}

const KEYS: LogKeys = {
  checkpoints: "ckpt/",
  entry: (n) => `log/${n}`,
  index: (sha256) => `idx/${Buffer.from(sha256).toString("hex")}`,
};

test("a checkpoint and the entries after it give what all entries give", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      async (actions, every) => {
        const objects = new Map<string, Uint8Array>();
        const state = new PartitionState();
        const whole = new PartitionState();
        for (const [index, action] of actions.entries()) {
          const n = BigInt(index);
          const entry = { n, previous: state.entryHash, writer: Buffer.alloc(16), written: 0n, action };
          const bytes = encodeEntry(entry);
          for (const one of [state, whole]) applyEntry(one, entry, entryHash(bytes));
          objects.set(KEYS.entry(n), bytes);
          if ((index + 1) % every !== 0) continue;
          const checkpoint = encodeCheckpoint(state, KEYS);
          for (const { key, bytes } of checkpoint.fresh) objects.set(key, bytes);
          noteCheckpoint(state, checkpoint);
          objects.set("ckpt/0", checkpoint.bytes);
          for (const key of [...objects.keys()]) if (key.startsWith("log/")) objects.delete(key);
        }
        const loaded = await loadPartition(
          {
            async get(key) {
              const bytes = objects.get(key);
              return bytes && { bytes };
            },
            async *list(prefix) {
              for (const key of objects.keys()) if (key.startsWith(prefix)) yield { key };
            },
          },
          KEYS,
        );
        expect(encodeCheckpoint(loaded, KEYS)).toEqual(encodeCheckpoint(state, KEYS));
        expect(shownBy(loaded)).toEqual(shownBy(state));
        expect(shownBy(loaded)).toEqual(shownBy(whole));
        for (const one of [loaded, state]) forgetCheckpoint(one);
        expect(encodeCheckpoint(loaded, KEYS)).toEqual(encodeCheckpoint(state, KEYS));
      },
    ),
    { seed: 3 },
  );
});

test("a checkpoint writes what is new, and keeps the objects that are full", () => {
  const state = new PartitionState();
  const expire = (from: number, count: number) => {
    const sessions = Array.from({ length: count }, (_, number) => id(from + number));
    const action: LogAction = { $case: "expire", value: { sessions } };
    const entry = { n: state.n + 1n, previous: state.entryHash, writer: Buffer.alloc(16), written: 0n, action };
    applyEntry(state, entry, entryHash(encodeEntry(entry)));
  };
  const checkpoint = () => {
    const made = encodeCheckpoint(state, KEYS);
    noteCheckpoint(state, made);
    return { written: made.fresh.length, counts: made.indexes.map(({ object }) => object.count) };
  };
  expire(1_000, 25_000);
  expect(checkpoint()).toEqual({ written: 3, counts: [10_000, 10_000, 5_000] });
  // The first of all by their ids: nothing shifts.
  expire(0, 1);
  expect(checkpoint()).toEqual({ written: 1, counts: [10_000, 10_000, 5_000, 1] });
  expire(1, 2);
  expect(checkpoint()).toEqual({ written: 1, counts: [10_000, 10_000, 5_000, 3] });
  expect(checkpoint()).toEqual({ written: 0, counts: [10_000, 10_000, 5_000, 3] });
});

test("sessions that are over are kept as they are stored, and objects again once they change", () => {
  const state = new PartitionState();
  const apply = (action: LogAction) => {
    const entry = { n: state.n + 1n, previous: state.entryHash, writer: Buffer.alloc(16), written: 0n, action };
    applyEntry(state, entry, entryHash(encodeEntry(entry)));
  };
  const text = (number: number) => sessionText(id(number));
  apply({ $case: "expire", value: { sessions: Array.from({ length: 100 }, (_, number) => id(number)) } });
  noteCheckpoint(state, encodeCheckpoint(state, KEYS));
  expect([state.sessions.objects.size, state.sessions.size]).toEqual([0, 100]);
  apply({ $case: "delete", value: { session: id(7) } });
  expect([...state.sessions.objects.keys()]).toEqual([text(7)]);
  expect([state.sessions.size, state.sessions.get(text(7))?.deleted]).toEqual([100, true]);
  expect(state.sessions.get(text(8))).toMatchObject({ deleted: false, expired: true });
  for (const unknown of [text(100), "no id"]) {
    expect([state.sessions.has(unknown), state.sessions.get(unknown)]).toEqual([false, undefined]);
    expect(state.sessions.description(unknown)).toBeUndefined();
    expect(state.isCommitted(unknown, 0n)).toBe(false);
  }
});

test("an index object that is not what the checkpoint says is refused", () => {
  const stored = (numbers: number[]) => {
    const sessions = numbers.map((number) => archive.SessionState.fromPartial({ session: id(number) }));
    return Buffer.from(archive.EndedSessions.encode({ sessions }).finish());
  };
  const object = archive.IndexObject.fromPartial({ key: "idx/a", count: 2, firstSession: id(1), lastSession: id(2) });
  const open = (bytes: Buffer) => () => new EndedSessions(object, bytes);
  const good = stored([1, 2]);
  expect([...new EndedSessions(object, good).texts()]).toEqual([1, 2].map((number) => sessionText(id(number))));
  const problem = { code: "DATA_LOSS", reason: "BAD_INDEX" };
  for (const bad of [stored([2, 1]), stored([1]), stored([1, 2, 3]), good.subarray(0, -1), Buffer.from("garbage")])
    expect(open(bad)).toThrow(expect.objectContaining(problem));
});
