import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { OpenTable, TABLE_COLUMNS } from "./open-table.ts";

const step = fc.record({ group: fc.nat(3), key: fc.oneof(fc.nat(40), fc.maxSafeNat()), remove: fc.boolean() });

describe("a table of open things", () => {
  test("holds what a map would, through growth, removal and copying", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        let table = new OpenTable();
        const model = new Map<string, number>();
        for (const [index, { group, key, remove }] of steps.entries()) {
          const place = table.find(group, key);
          const name = `${group}/${key}`;
          expect(place >= 0 ? table.data[place * TABLE_COLUMNS + 4] : undefined).toBe(model.get(name));
          if (place < 0) {
            table.data[table.add(group, key) * TABLE_COLUMNS + 4] = index;
            model.set(name, index);
          } else if (remove) {
            table.remove(place);
            model.delete(name);
          }
          if (index % 50 !== 49) continue;
          const copy = new OpenTable();
          table.copyInto(copy);
          table = copy;
        }
        const left = new Map<string, number>();
        table.each((group, key, place) => left.set(`${group}/${key}`, table.data[place * TABLE_COLUMNS + 4]!));
        expect(left).toEqual(model);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  test("forgets what it has no room for", () => {
    const table = new OpenTable();
    for (let key = 0; key < 150_000; key++) if (table.find(0, key) < 0) table.add(0, key);
    let open = 0;
    table.each(() => open++);
    expect(open).toBe(100_000);
  });
});
