import { describe, expect, test } from "@jest/globals";
import { blockedView } from "./blocked.ts";
import { splatProgram } from "./programs.ts";
import { analyse } from "./recorded.ts";
import { splatView } from "./splat.ts";
import { detailView } from "./splat-detail.ts";
import { SPLAT_SORTS, type SplatSort } from "./splat-sort.ts";
import { viewObjects } from "./view.ts";
import { viewText } from "./view-text.ts";

const { tables } = analyse(splatProgram, { detail: true });

/** What splat's manual calls the columns, and what they are called here. */
const SUMMARY_COLUMNS = {
  "Lock Names": "lock",
  Type: "type",
  Acquisitions: "acquisitions",
  Spins: "spins",
  Wait: "waits",
  "%Miss": "percent_miss",
  "%Total": "percent_total",
  "Locks / CSec": "locks_per_second",
  "Real Elapse": "percent_held",
};

const DETAIL_COLUMNS = {
  Acquisitions: "acquisitions",
  "Miss Rate": "miss_rate",
  "Spin Count": "spin",
  "Wait Count": "wait",
  "Busy Count": "busy",
  "Real Elapsed": "percent_held",
  "Real Wait": "percent_wait",
};

test("the summaries have the columns of the manual", () => {
  const [gross, locks] = splatView(tables);
  expect(gross.columns.map(({ name }) => name)).toEqual([
    "type",
    "unique",
    "acquisitions",
    "per_second",
    "wait_seconds",
  ]);
  expect(locks.columns.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.values(SUMMARY_COLUMNS)));
  expect(viewText([gross, locks])).toBe(`gross lock summary
type       unique  acquisitions  per second  wait seconds
all locks       3             7      7.0000      0.100000
mutex           1             4      4.0000      0.100000
recursive       1             1      1.0000      0.000000
rwlock          1             2      2.0000      0.000000
condition       1             1      1.0000      0.080000
observed: 1.000000 s

lock summary, sorted by time waited
lock   class  type       acquisitions  spins  waits    %miss   %total  locks/s    %held  wait seconds
queue  queue  mutex                 4      1      2  42.8571  57.1429    4.000  22.0000      0.100000
cache  cache  rwlock                2      0      0   0.0000  28.5714    2.000  40.0000      0.000000
tree   tree   recursive             1      0      0   0.0000  14.2857    1.000  20.0000      0.000000
`);
});

test("the detail has the columns of the manual", () => {
  const views = detailView(tables);
  for (const view of [views[0]!, views[2]!, views[3]!]) {
    expect(view.columns.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.values(DETAIL_COLUMNS)));
  }
  expect(viewText(views)).toBe(`lock detail
lock   class  type       mode       acquisitions  miss rate  spin  wait  busy  %held  %wait  upgrades  downgrades
queue  queue  mutex      exclusive             4     42.857     1     2     2  22.00  10.00         0           0
cache  cache  rwlock     exclusive             0      0.000     0     0     0   0.00   0.00         0           1
cache  cache  rwlock     shared                2      0.000     0     0     0  40.00   0.00         1           0
tree   tree   recursive  exclusive             1      0.000     0     0     0  20.00   0.00         0           0
observed: 1.000000 s

times and depths
lock   mode          held min     held avg     held max   held total     wait min     wait avg     wait max   wait total  queue max  queue avg  recursion max
queue  exclusive  0.020000000  0.055000000  0.100000000  0.220000000  0.020000000  0.050000000  0.080000000  0.100000000          2       1.50              1
cache  exclusive  0.000000000  0.000000000  0.000000000  0.000000000  0.000000000  0.000000000  0.000000000  0.000000000          0       0.00              0
cache  shared     0.100000000  0.200000000  0.300000000  0.400000000  0.000000000  0.000000000  0.000000000  0.000000000          0       0.00              1
tree   exclusive  0.200000000  0.200000000  0.200000000  0.200000000  0.000000000  0.000000000  0.000000000  0.000000000          0       0.00              3

function detail
lock   function  mode       acquisitions  miss rate  spin  wait  busy  %held  %wait
queue  take      exclusive             2     50.000     0     2     1  10.00  10.00
queue  put       exclusive             2      0.000     0     0     0  12.00   0.00
queue  poll      exclusive             0    100.000     1     0     1   0.00   0.00
cache  get       shared                2      0.000     0     0     0  40.00   0.00
tree   walk      exclusive             1      0.000     0     0     0  20.00   0.00

lane detail
lock   lane  mode       acquisitions  miss rate  spin  wait  busy  %held  %wait
queue  t2    exclusive             2     50.000     1     1     1  10.00   8.00
queue  t3    exclusive             0    100.000     0     1     1   0.00   2.00
queue  t1    exclusive             2      0.000     0     0     0  12.00   0.00
cache  t1    shared                1      0.000     0     0     0  10.00   0.00
cache  t2    shared                1      0.000     0     0     0  30.00   0.00
tree   t3    exclusive             1      0.000     0     0     0  20.00   0.00

condition variables
condition  signals  broadcasts  lost  waits  timeouts     wait min     wait avg     wait max   wait total  queue max  queue avg
full             1           1     1      1         0  0.080000000  0.080000000  0.080000000  0.080000000          1       1.00
`);
});

test("one lock is told alone, and a name that none has is said", () => {
  expect(detailView(tables, { lock: "cache" }).map(({ rows }) => rows.length)).toEqual([2, 2, 1, 2, 0]);
  expect(detailView(tables, { lock: "full" }).map(({ rows }) => rows.length)).toEqual([0, 0, 0, 0, 1]);
  expect(detailView(tables, { lock: "nothing" })[0]!.notes).toContain("no lock and no class is called nothing");
});

test("functions and lanes are gathered only where that is asked for", () => {
  const [, , functions] = detailView(analyse(splatProgram).tables);
  expect(functions!.rows).toEqual([]);
  expect(functions!.notes).toEqual(["functions and lanes are counted only where detail is asked for"]);
});

describe.each(Object.keys(SPLAT_SORTS) as SplatSort[])("sorted by %s", (sort) => {
  test("the summary is in that order", () => {
    const rows = viewObjects(splatView(tables, { sort })[1]);
    const keys: Readonly<Record<SplatSort, string>> = {
      a: "acquisitions",
      c: "percent_held",
      e: "percent_held",
      l: "lock",
      m: "percent_miss",
      s: "spins",
      S: "wait_seconds",
      w: "wait_seconds",
      W: "wait_seconds",
    };
    const values = rows.map((row) => row[keys[sort]]!);
    expect(rows).toHaveLength(3);
    expect(values).toEqual(sort === "l" ? values.toSorted() : values.toSorted((a, b) => Number(b) - Number(a)));
  });
});

test("who blocks whom, longest first", () => {
  const view = blockedView(tables);
  expect(viewObjects(view)).toEqual([
    { waiter: "t2", holder: "t1", lock: "queue", count: 1, total: 0.08, average: 0.08 },
    { waiter: "t3", holder: "t1", lock: "queue", count: 1, total: 0.02, average: 0.02 },
  ]);
  expect(blockedView(tables, { top: 1 }).notes).toEqual(["1 more pairs, none of them longer"]);
});
