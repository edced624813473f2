import { describe, expect, test } from "@jest/globals";
import type { Table } from "../table.ts";
import { lockstatView } from "./lockstat.ts";
import { lockstatText } from "./lockstat-text.ts";
import { lockstatProgram } from "./programs.ts";
import { analyse } from "./recorded.ts";
import { viewObjects } from "./view.ts";

/** The head of the table in Linux Documentation/locking/lockstat.rst. */
const MANUAL =
  "class name    con-bounces    contentions   waittime-min   waittime-max waittime-total   waittime-avg    acq-bounces   acquisitions   holdtime-min   holdtime-max holdtime-total   holdtime-avg";

const GOLDEN = `RULE
                              class name    con-bounces    contentions   waittime-min   waittime-max waittime-total   waittime-avg    acq-bounces   acquisitions   holdtime-min   holdtime-max holdtime-total   holdtime-avg
RULE

                          mm->mmap_sem-W:             1              1           6.00           6.00           6.00           6.00              1              2           1.00           5.00           6.00           3.00
                          mm->mmap_sem-R:             1              1           3.50           3.50           3.50           3.50              2              2           4.50           6.25          10.75           5.38
                          --------------
                            mm->mmap_sem              1 do_page_fault (main.c:13)
                            mm->mmap_sem              1 vm_mmap (main.c:7)
                          --------------
                            mm->mmap_sem              2 do_page_fault (main.c:13)
                            mm->mmap_sem              1 vm_munmap (main.c:9)

RULE

                              rq->lock/1:             1              1           4.12           4.12           4.12           4.12              1              1           0.88           0.88           0.88           0.88
                              ----------
                              rq->lock/1              1 double_rq_lock (main.c:14)
                              ----------
                              rq->lock/1              1 task_rq_lock (main.c:12)

RULE

                                rq->lock:             0              0           0.00           0.00           0.00           0.00              1              4           1.00           8.00          17.00           4.25

                           tasklist_lock:             0              0           0.00           0.00           0.00           0.00              1              2           1.00           3.00           4.00           2.00
`;

describe("lockstat", () => {
  const { tables } = analyse(lockstatProgram);
  const views = lockstatView(tables);

  test("has the columns and the layout of its manual", () => {
    const text = lockstatText(views);
    expect(text.split("\n")[1]!.trim()).toBe(MANUAL);
    expect(text.replaceAll(/^[-.]{41,}$/gm, "RULE")).toBe(GOLDEN);
  });

  test("text and JSON are one value", () => {
    expect(viewObjects(views[0])[2]).toEqual({
      class_name: "rq->lock/1",
      mode: "",
      con_bounces: 1,
      contentions: 1,
      waittime_min: 4.12,
      waittime_max: 4.12,
      waittime_total: 4.12,
      waittime_avg: 4.12,
      acq_bounces: 1,
      acquisitions: 1,
      holdtime_min: 0.88,
      holdtime_max: 0.88,
      holdtime_total: 0.88,
      holdtime_avg: 0.88,
    });
  });

  test("says what the first classes and places leave out", () => {
    const [statistics, points] = lockstatView(tables, { top: 1, points: 1 });
    expect(statistics.rows.map(([name, mode]) => `${name}-${mode}`)).toEqual(["mm->mmap_sem-W", "mm->mmap_sem-R"]);
    expect(statistics.notes).toEqual(["3 more classes, none of them more contended"]);
    expect(points.rows).toHaveLength(2);
    expect(points.notes).toEqual(["2 more places, none of them more frequent in its class"]);
  });

  test("sessions count together", () => {
    const twice = [...tables, ...tables.map((table) => ofSession(table, "other"))];
    const [once, both] = [viewObjects(views[0]), viewObjects(lockstatView(twice)[0])];
    for (const [at, row] of both.entries()) {
      expect(row.acquisitions).toBe(2 * Number(once[at]!.acquisitions));
      expect(row.holdtime_max).toBe(once[at]!.holdtime_max);
      expect(row.waittime_avg).toBe(once[at]!.waittime_avg);
    }
  });
});

function ofSession({ name, columns, rows }: Table, session: string): Table {
  return { name, columns, rows: rows.map(([, ...rest]) => [session, ...rest]) };
}
