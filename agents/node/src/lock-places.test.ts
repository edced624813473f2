import { describe, expect, test } from "@jest/globals";
import { agentBundle } from "./bundle.ts";
import { type ProgramOptions, recorded, SYSTEM_NODE } from "./testing/program.ts";

/** What each acquisition of a lock shows: its site and, under it, its stack. The program's body begins on line 3. */
function places(body: string, options: Partial<ProgramOptions> = {}, kind = "lock.acquired") {
  const { rows, child } = recorded(body, { options: "{ sites: true }", ...options });
  expect(child.stderr).toBe("");
  return rows
    .filter((row) => row.kind === kind)
    .map(({ values, site, stack }) => ({ lock: String(values.lock), site: site.replace(/ \S*:/, " "), stack }));
}

const ORDERS = `
    const stock = agent.mutex("stock"), payment = agent.mutex("payment");
    async function reserve() {
      const held = await stock.acquire();
      await new Promise((done) => setTimeout(done, 1));
      await payment.run(async function pay() {});
      held.release(); }
    async function cancel() {
      await payment.run(async function back() { await stock.run(() => {}); }); }
    async function outer(work) { await work(); }
    for (const work of [reserve, cancel, reserve, cancel]) await outer(work);`;

describe("a lock's place", () => {
  test("is told for each order in which it is acquired, with the calls that lead there", () => {
    const told = places(ORDERS);
    expect(told.map(({ lock, site }) => `${lock} ${site}`).slice(0, 4)).toEqual([
      "stock reserve 6",
      "payment reserve 8",
      "payment cancel 11",
      "stock back 11",
    ]);
    expect(told.slice(4)).toEqual(told.slice(0, 4));
    const functions = told.map(({ stack }) => stack.map((frame) => frame.replace(/ \(.*/, "")));
    expect(functions.slice(0, 4)).toEqual([
      ["reserve", "outer", "<anonymous>"],
      ["reserve", "async outer", "async <anonymous>"],
      ["cancel", "outer", "<anonymous>"],
      ["back", "async cancel", "async outer", "async <anonymous>"],
    ]);
  });

  test.each([SYSTEM_NODE, process.execPath])("has no frames of the bundled agent on %s", async (node) => {
    const { importPath } = await agentBundle();
    const told = places(ORDERS, { node, module: importPath });
    expect(told.map(({ stack }) => stack[0])).toEqual(places(ORDERS).map(({ stack }) => stack[0]));
    expect(told.flatMap(({ stack }) => stack).filter((frame) => frame.includes("agent.cjs"))).toEqual([]);
  });

  test("has at most 16 frames", () => {
    const [told] = places(`
    const lock = agent.lock("deep"); function deeper(n) { n > 0 ? deeper(n - 1) : lock.acquired(); } deeper(30);`);
    expect(told?.stack).toHaveLength(16);
    expect(told?.site).toBe("deeper 4");
  });

  test("follows what the lane holds where it is given back by others, handed over or destroyed", () => {
    const told = places(`
    const [a, b, c] = ["a", "b", "c"].map((name) => agent.lock(name)); const other = agent.lane("other");
    function alone() { c.acquired(); c.released(); }
    function within() { c.acquired(); c.released(); }
    a.acquired(); alone(); b.acquired(); a.released();
    other.run(() => b.released());
    within();
    a.acquired(); a.handedOver(other); within();
    b.acquired(); b.destroyed(); within();
    other.run(() => alone());`);
    expect(told.filter(({ lock }) => lock === "c").map(({ site }) => site)).toEqual([
      "alone 5",
      "within 6",
      "within 6",
      "within 6",
      "alone 5",
    ]);
  });

  test("is each lane's own", () => {
    const told = places(`
    const outer = agent.mutex("outer"), inner = agent.mutex("inner");
    async function first() { await inner.run(() => {}); }
    async function second() { await inner.run(() => {}); }
    await Promise.all([
      agent.task("holds", () => outer.run(async () => { await new Promise((done) => setTimeout(done, 20)); await second(); })),
      agent.task("not", async () => { await first(); await second(); }),
    ]);`);
    expect(
      told
        .filter(({ lock }) => lock === "inner")
        .map(({ site }) => site)
        .sort(),
    ).toEqual(["first 5", "first 5", "second 6"]);
  });

  test("is told for each sort of task that takes it first", () => {
    const told = places(`
    const lock = agent.mutex("stock");
    async function answer() { await lock.run(() => {}); }
    async function count() { await lock.run(() => {}); }
    await count();
    for (let n = 0; n < 2; n++) await agent.task("GET /stock", answer);
    await agent.task("stocktaking", count);
    for (let n = 0; n < 300; n++) await agent.task("made up " + n, async () => {});
    await agent.task("late", answer);`);
    // The last name is one too many: its task shows what was first seen without one.
    expect(told.map(({ site }) => site)).toEqual(["count 6", "answer 5", "answer 5", "count 6", "count 6"]);
  });

  test("is looked up a bounded number of times", () => {
    const body = `
    let captured = 0; const { captureStackTrace } = Error;
    Error.captureStackTrace = (...given) => { captured++; captureStackTrace(...given); };
    for (let n = 0; n < 5000; n++) { const lock = agent.lock("many", { instance: String(n) }); lock.acquired(); lock.released(); }
    console.log(captured);`;
    expect(recorded(body, { options: "{ sites: true }" }).child.stdout).toBe("4096\n");
  });

  test("is told of a wait, and where the lock was not to be had", () => {
    const body = `
    const one = agent.mutex("one"); await one.acquire();
    function take() { return one.acquire(2).catch(() => one.tryAcquire()); }
    await take();`;
    for (const kind of ["lock.wait", "lock.timed-out"]) {
      expect(places(body, {}, kind)).toMatchObject([
        { site: "take 5", stack: [/take/, /anonymous/].map((text) => expect.stringMatching(text)) },
      ]);
    }
  });
});
