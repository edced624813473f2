import { expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, mergeSummaries, parseEnvelope, readSummary, Stage, sections } from "@wayward/block";
import { lockAcquired, lockReleased, lockWait, newSessionId, zoneBegin, zoneEnd } from "@wayward/record";
import fc from "fast-check";
import { mergeSections } from "./summary.ts";

const step = fc.record({
  lane: fc.integer({ min: 1, max: 3 }),
  what: fc.constantFrom("zone", "lock"),
  name: fc.integer({ min: 1, max: 4 }),
  took: fc.oneof(fc.nat(20), fc.nat(1_000_000), fc.constant(2 ** 41)),
});
const blocks = fc.array(fc.array(step, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 5 });

test("merged sections say what merging their rows says, byte for byte", () => {
  fc.assert(
    fc.property(blocks, (list) => {
      const made = summariesOf(list);
      expect(Buffer.compare(mergeSections(made), mergeSummaries(made))).toBe(0);
      // What was merged can be merged again.
      const twice = [mergeSections(made), ...made];
      expect(Buffer.compare(mergeSections(twice), mergeSummaries(twice))).toBe(0);
    }),
    { seed: 5 },
  );
});

test("rows beyond the limit are counted as others, the least counted first", () => {
  const lists = [0, 1, 2].map((part) =>
    Array.from({ length: 3_000 }, (_, at) => ({ lane: 1, what: "zone", name: part * 2_000 + at, took: at })),
  );
  const made = summariesOf(lists);
  const merged = readSummary(mergeSections(made)).get("zone")!;
  expect(merged.rows).toHaveLength(4_096);
  expect(merged.rows.reduce((sum, { count }) => sum + count, merged.other)).toBe(9_000);
  expect(merged).toEqual(readSummary(mergeSummaries(made)).get("zone"));
});

test("a section that is cut off is refused", () => {
  const made = summariesOf([
    [{ lane: 1, what: "zone", name: 1, took: 5 }],
    [{ lane: 1, what: "lock", name: 1, took: 5 }],
  ]);
  for (let length = 1; length < made[1]!.length; length++) {
    const cut = [made[0]!, made[1]!.subarray(0, length)];
    let plain: string | undefined;
    try {
      mergeSummaries(cut);
    } catch {
      plain = "refused";
    }
    if (plain === undefined) continue;
    expect(() => mergeSections(cut)).toThrow();
  }
});

/** Summary sections of blocks in which zones and locks take so long. */
function summariesOf(list: readonly (readonly { lane: number; what: string; name: number; took: number }[])[]) {
  const description = api.SessionDescription.fromPartial({ name: "s", start: 1n });
  const { dictionary, ...writer } = makeWriter(description);
  let time = 1n;
  return list.map((steps) => {
    const stage = new Stage();
    for (const { lane, what, name, took } of steps) {
      const head = () => ({ lane, time });
      if (what === "zone") {
        const site = dictionary.site({ text: `zone ${name}` });
        stage.add(dictionary.kind(zoneBegin), zoneBegin, { ...head(), site }, []);
        time += BigInt(took);
        stage.add(dictionary.kind(zoneEnd), zoneEnd, head(), []);
      } else {
        const lock = dictionary.object({ type: "any", class: `lock ${name}` });
        stage.add(dictionary.kind(lockWait), lockWait, head(), [lock, 0]);
        time += BigInt(took);
        stage.add(dictionary.kind(lockAcquired), lockAcquired, head(), [lock, 0]);
        time += 3n;
        stage.add(dictionary.kind(lockReleased), lockReleased, head(), [lock, 0]);
      }
    }
    const [made] = writer.write(stage);
    return sections(unwrap(parseEnvelope(made!.bytes))).summary;
  });
}

function makeWriter(description: api.SessionDescription) {
  const writer = new BlockWriter({ session: newSessionId(1), description });
  return { dictionary: writer.dictionary, write: (stage: Stage) => writer.write(stage) };
}
