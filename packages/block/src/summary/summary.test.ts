import { describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import {
  jobEnqueue,
  jobFinish,
  jobStart,
  type Kind,
  lockAcquired,
  lockReleased,
  lockWait,
  logMessage,
  memoryAlloc,
  newSessionId,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";
import fc from "fast-check";
import { bucketOf, bucketTop } from "../bucket.ts";
import { parseEnvelope, sections } from "../envelope.ts";
import { type FieldValue, Stage } from "../stage.ts";
import { BlockWriter } from "../writer.ts";
import { mergeSummaries, readSummary } from "./section.ts";
import type { Dimension, Summary } from "./tables.ts";

const NAMES = 3;
const LANES = 3;

const laneNumber = fc.integer({ min: 1, max: LANES });

/** What one simulated lane does next: pushes or pops a zone, or goes through a lock or a job in one step; `other` enqueues the job. */
const step = fc.record({
  lane: laneNumber,
  other: laneNumber,
  what: fc.constantFrom("begin", "end", "lock", "contended", "job", "log", "alloc"),
  name: fc.integer({ min: 1, max: NAMES }),
  pause: fc.nat(5_000),
  flush: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Sums by dimension and key, computed the plain way. */
class Ledger {
  readonly rows = new Map<
    string,
    { count: number; sum: bigint; min: number; max: number; histogram: Map<number, number> }
  >();

  add(dimension: Dimension, key1: number, key2: number, value?: number): void {
    const key = `${dimension} ${key1} ${key2}`;
    const row = this.rows.get(key) ?? { count: 0, sum: 0n, min: 0, max: 0, histogram: new Map<number, number>() };
    this.rows.set(key, row);
    row.count++;
    if (value === undefined) return;
    row.sum += BigInt(value);
    row.min = row.histogram.size === 0 ? value : Math.min(row.min, value);
    row.max = Math.max(row.max, value);
    row.histogram.set(bucketOf(value), (row.histogram.get(bucketOf(value)) ?? 0) + 1);
  }
}

function ledgerOf(summary: Summary) {
  const rows = new Map<string, unknown>();
  for (const [dimension, table] of summary) {
    for (const { key1, key2, extra: _, histogram, ...row } of table.rows) {
      const pairs = Array.from({ length: histogram.length / 2 }, (_unused, at): [number, number] => [
        histogram[at * 2]!,
        histogram[at * 2 + 1]!,
      ]);
      rows.set(`${dimension} ${key1} ${key2}`, { ...row, histogram: new Map(pairs) });
    }
  }
  return rows;
}

/** Plays the steps through a writer, flushing where they say; tells the blocks' summaries and the plain sums. */
function play(steps: readonly Step[]) {
  const description = api.SessionDescription.fromPartial({ name: "s", start: 1000n });
  const writer = new BlockWriter({ session: newSessionId(1), description });
  const { dictionary } = writer;
  const names = ["a", "b", "c"].map((name) => dictionary.string(name));
  const objects = ["a", "b", "c"].map((name) => dictionary.object({ type: "any", class: name }));
  for (let lane = 1; lane <= LANES; lane++) dictionary.lane({ name: `lane ${lane}`, kind: "thread" });
  const stage = new Stage();
  const ledger = new Ledger();
  const open: { name: number; start: number }[][] = Array.from({ length: LANES + 1 }, () => []);
  const written: Uint8Array[] = [];
  let time = 1000;
  let job = 0;
  const record = (kind: Kind, lane: number, values: FieldValue[]) => {
    const number = dictionary.kind(kind);
    stage.add(number, kind, { lane, time: BigInt(time) }, values);
    ledger.add("lane", lane, number);
    const size = kind === memoryAlloc ? Number(values[2]) : undefined;
    ledger.add("kind", number, 0, size);
  };
  for (const { lane, other, what, name, pause, flush } of steps) {
    time += 10;
    const id = names[name - 1]!;
    const object = objects[name - 1]!;
    if (what === "begin") {
      open[lane]!.push({ name: id, start: time });
      record(zoneBegin, lane, [id]);
    } else if (what === "end") {
      const zone = open[lane]!.pop();
      record(zoneEnd, lane, []);
      if (zone !== undefined) ledger.add("zone", zone.name, 0, time - zone.start);
      if (zone !== undefined && open[lane]!.length === 0) ledger.add("busy", lane, 0, time - zone.start);
    } else if (what === "lock" || what === "contended") {
      const asked = time;
      if (what === "contended") {
        record(lockWait, lane, [object, 1]);
        time += pause;
        ledger.add("lockWait", object, 1, time - asked);
      }
      record(lockAcquired, lane, [object, 1]);
      const got = time;
      time += pause;
      record(lockReleased, lane, [object, 1]);
      ledger.add("lockHold", object, 1, time - got);
    } else if (what === "job") {
      job++;
      record(jobEnqueue, other, [object, job]);
      time += pause;
      record(jobStart, lane, [object, job]);
      ledger.add("queueWait", object, 0, pause);
      time += pause;
      record(jobFinish, lane, [object, job, 0]);
      ledger.add("queueRun", object, 0, pause);
    } else if (what === "log") {
      record(logMessage, lane, [3, id, []]);
      ledger.add("channel", id, 3);
    } else record(memoryAlloc, lane, [object, 1, pause]);
    if (!flush) continue;
    written.push(...writer.write(stage).map(({ bytes }) => sections(unwrap(parseEnvelope(bytes))).summary));
    stage.clear();
  }
  written.push(...writer.write(stage).map(({ bytes }) => sections(unwrap(parseEnvelope(bytes))).summary));
  return { written, ledger };
}

describe("summaries", () => {
  const steps = fc.array(step, { maxLength: 120, size: "max" });

  test("merged over blocks are the plain sums over all records, whatever falls into which block", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { written, ledger } = play(list);
        expect(ledgerOf(readSummary(mergeSummaries(written)))).toEqual(ledger.rows);
      }),
      { numRuns: 100, seed: 5 },
    );
  });

  test("merge in any grouping to the same", () => {
    fc.assert(
      fc.property(steps, fc.nat(30), (list, at) => {
        const { written } = play(list);
        const grouped = [mergeSummaries(written.slice(0, at)), mergeSummaries(written.slice(at))];
        expect(ledgerOf(readSummary(mergeSummaries(grouped)))).toEqual(ledgerOf(readSummary(mergeSummaries(written))));
      }),
      { numRuns: 50, seed: 5 },
    );
  });
});

describe("a histogram's bucket", () => {
  test("holds its value below a top that is at most an eighth above", () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(100), fc.maxSafeNat()), (value) => {
        const top = bucketTop(bucketOf(value));
        expect(top).toBeGreaterThanOrEqual(value);
        expect(top).toBeLessThanOrEqual(Math.max(value, value * 1.125));
      }),
      { seed: 5 },
    );
  });
});
