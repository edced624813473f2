import { describe, expect, test } from "@jest/globals";
import { query, selection } from "@wayward/api";
import { sessionText } from "@wayward/record";
import { coverageJson, sessionJson } from "./message.ts";

const [id, parent] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
const gap = { session: id, cause: selection.GapCause.GAP_CAUSE_NEVER_ARRIVED, firstSeq: 3n };

/** Every key of a value, at every depth. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, part]) => [...(Array.isArray(value) ? [] : [key]), ...keysOf(part)]);
}

describe("messages as JSON", () => {
  test("a session has names for enums, text for ids, and snake_case", () => {
    const description = { name: "a", parent, labels: [{ key: "teamName", value: "Tea" }], flushIntervalMs: 50 };
    const end = { cause: 1, exit: "SIGKILL" } as const;
    const json = sessionJson(query.Session.fromPartial({ session: id, state: 2, description, end, gaps: [gap] }));
    expect(json).toMatchObject({
      session: sessionText(id),
      state: "ENDED",
      description: {
        parent: sessionText(parent),
        continues: undefined,
        clock: "MONOTONIC",
        flush_interval_ms: 50,
        labels: [{ key: "teamName", value: "Tea" }],
      },
      end: { cause: "UNCLEAN", exit: "SIGKILL" },
      gaps: [{ session: sessionText(id), cause: "NEVER_ARRIVED", first_seq: 3n }],
      bytes_pending: 0n,
    });
    expect(keysOf(json).filter((key) => /[A-Z]/.test(key))).toEqual([]);
  });

  test("coverage too, and an enum's number that nobody knows", () => {
    const unknown = { cause: 99 as selection.GapCause };
    const coverage = selection.Coverage.fromPartial({ gapsLeftOut: 2n, gaps: [gap, unknown] });
    expect(coverageJson(coverage)).toMatchObject({
      gaps_left_out: 2n,
      gaps: [{ session: sessionText(id) }, { session: undefined, cause: "GAP_CAUSE_99" }],
    });
  });
});
