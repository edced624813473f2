import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Table } from "../table.ts";
import { lockstatView } from "./lockstat.ts";
import { analyse, type Program } from "./recorded.ts";
import { tableRows } from "./rows.ts";
import { splatView } from "./splat.ts";
import { detailView } from "./splat-detail.ts";
import { viewObjects } from "./view.ts";

const LOCKS = ["a", "b", "c"];

/** Lanes in turn take a lock for some time; one that finds it taken tries, waits, or gives up. */
const programs = fc
  .array(
    fc.record({
      lane: fc.constantFrom("t1", "t2", "t3"),
      lock: fc.constantFrom(...LOCKS),
      mode: fc.constantFrom("exclusive" as const, "shared" as const),
      subclass: fc.constantFrom(0, 1),
      before: fc.constantFrom("none", "try-failed", "wait", "give-up"),
      held: fc.integer({ min: 0, max: 500 }),
    }),
    { maxLength: 40 },
  )
  .map((turns): Program => {
    let time = 1;
    const steps = turns.flatMap(({ lane, lock, mode, subclass, before, held }): Program["steps"] => {
      const options = { mode, subclass, in: `take ${lock}${held % 3}` };
      const at = () => time++;
      const tried: Program["steps"] = before === "try-failed" ? [[at(), lane, "try-failed", lock, options]] : [];
      const waited: Program["steps"] =
        before === "wait" || before === "give-up" ? [[at(), lane, "wait", lock, options]] : [];
      if (before === "give-up") return [...waited, [at(), lane, "give-up", lock, options]];
      const taken: Program["steps"] = [[at(), lane, "acquire", lock, options]];
      time += held;
      return [...tried, ...waited, ...taken, [at(), lane, "release", lock, options]];
    });
    return { locks: Object.fromEntries(LOCKS.map((name) => [name, { type: "rwlock" }])), steps };
  });

function total(tables: readonly Table[], name: string, column: string, by?: string): number {
  return tableRows(tables, name)
    .filter((row) => by === undefined || row.text("by") === by)
    .reduce((sum, row) => sum + row.number(column), 0);
}

function sum(rows: readonly Readonly<Record<string, unknown>>[], name: string): number {
  return rows.reduce((all, row) => all + Number(row[name]), 0);
}

test("every view's totals are those of the table, and those of the program", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const { tables } = analyse(program, { detail: true });
      const ended = program.steps.filter(([, , step]) => step === "release").length;
      const waits = program.steps.filter(([, , step]) => step === "wait").length;
      const [holdTotal, waitTotal] = [total(tables, "locks", "hold_total"), total(tables, "locks", "wait_total")];
      const lockstat = viewObjects(lockstatView(tables)[0]);
      expect(sum(lockstat, "acquisitions")).toBe(ended);
      expect(sum(lockstat, "contentions")).toBe(waits);
      expect(sum(lockstat, "holdtime_total")).toBeCloseTo(holdTotal / 1000, 6);
      const [gross, locks] = splatView(tables).map(viewObjects);
      expect(gross![0]!.acquisitions).toBe(ended);
      expect(sum(gross!.slice(1), "acquisitions")).toBe(ended);
      expect(sum(locks!, "wait_seconds")).toBeCloseTo(waitTotal / 1e9, 12);
      expect(sum(viewObjects(detailView(tables)[0]!), "acquisitions")).toBe(ended);
      for (const by of ["function", "lane"]) {
        for (const column of ["holds", "hold_total", "waits", "wait_total", "tries_failed", "timeouts"]) {
          expect(total(tables, "users", column, by)).toBe(total(tables, "locks", column));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("the usual way through records and the detailed one tell the same", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const [usual, detailed] = [analyse(program), analyse(program, { detail: true })];
      const without = (tables: readonly Table[]) => tables.filter(({ name }) => name !== "users");
      expect(without(detailed.tables)).toEqual(without(usual.tables));
      expect(detailed.findings).toEqual(usual.findings);
    }),
    { numRuns: 60 },
  );
});
