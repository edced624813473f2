import { expect, test } from "@jest/globals";
import { archive, block } from "@wayward/api";
import { newSessionId } from "@wayward/record";
import fc from "fast-check";
import { encodeCheckpoint, forgetCheckpoint, noteCheckpoint } from "./checkpoint.ts";
import { entryKey, loadPartition } from "./load.ts";
import { encodeEntry, entryHash, type LogAction } from "./log.ts";
import { applyEntry, PartitionState } from "./state.ts";

const id = (number: number) => Buffer.from(newSessionId(number + 1, Buffer.alloc(10)));
const session = fc.nat(3).map(id);

const action: fc.Arbitrary<LogAction> = fc.oneof(
  fc.tuple(session, fc.nat(20), fc.nat(5), fc.boolean()).map(([session, seq, records, ended]): LogAction => {
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
      description: undefined,
      end,
    };
    const chunk = { key: `c/${seq}`, bytes: 9n, sha256: Buffer.alloc(32) };
    return { $case: "commit", value: { chunk, sessions: [blocks], incarnation: "a", busSeq: first } };
  }),
  session.map((session): LogAction => ({ $case: "delete", value: { session } })),
  session.map((session): LogAction => ({ $case: "expire", value: { sessions: [session] } })),
  fc.nat(20).map((seq): LogAction => ({ $case: "collect", value: { keys: [`c/${seq}`] } })),
  session.map((session): LogAction => {
    const value = archive.Poison.fromPartial({ session, seq: 3n, dlqKey: "dlq/x", digest: Buffer.alloc(16) });
    return { $case: "poison", value };
  }),
);

test("a checkpoint and the entries after it give what all entries give", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 12 }),
      async (actions, every) => {
        const objects = new Map<string, Uint8Array>();
        const state = new PartitionState();
        for (const [index, action] of actions.entries()) {
          const n = BigInt(index);
          const entry = { n, previous: state.entryHash, writer: Buffer.alloc(16), written: 0n, action };
          const bytes = encodeEntry(entry);
          applyEntry(state, entry, entryHash(bytes));
          objects.set(entryKey("", n), bytes);
          if ((index + 1) % every !== 0) continue;
          const checkpoint = encodeCheckpoint(state, "");
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
          "",
        );
        expect(encodeCheckpoint(loaded, "")).toEqual(encodeCheckpoint(state, ""));
        for (const one of [loaded, state]) forgetCheckpoint(one);
        expect(encodeCheckpoint(loaded, "")).toEqual(encodeCheckpoint(state, ""));
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
    const made = encodeCheckpoint(state, "");
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
