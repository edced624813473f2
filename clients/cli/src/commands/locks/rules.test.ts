import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AGENT, CommandLine } from "../../testing/command-line.ts";

/** Two tasks take two locks in opposite orders, one after the other: it never hangs, and it could. */
const SHOP = `
  import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "shop", sites: true });
  const stock = agent.mutex("stock"), payment = agent.mutex("payment");
  async function reserve() {
    await stock.run(async function pay() {
      await payment.run(() => {});
    });
  }
  async function cancel() {
    await payment.run(async function restock() {
      await stock.run(() => {});
    });
  }
  async function order(work) { await work(); }
  for (const work of [reserve, cancel, reserve, cancel]) await agent.task(work.name, () => order(work));
  await agent.delivered();`;

/** A release says as what it gives the lock back only where the program says so. */
const LIBRARY = `
  import { start } from ${JSON.stringify(AGENT)};
  const agent = start({ name: "library" });
  const shelf = agent.lock("shelf", { type: "rwlock" }), desk = agent.lock("desk", { type: "rwlock" });
  shelf.acquired("shared"); shelf.released();
  shelf.acquired(); shelf.released();
  desk.acquired("shared"); desk.released("exclusive");
  await agent.delivered();`;

interface Place {
  readonly lane: string;
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly stack: readonly string[];
}

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly held: Place;
  readonly taken: Place;
}

describe("wayward locks order and misuse", () => {
  const line = new CommandLine("rules");

  beforeAll(async () => {
    await line.up();
  }, 30_000);
  afterAll(() => line.remove());

  test("shows for each lock of an inversion where it was taken, with the calls that lead there", async () => {
    await line.module(SHOP);
    const [finding] = await line.json("locks", "order", "--name", "shop");
    expect(finding).toMatchObject({ rule: "order.inversion" });
    const cycle: readonly Edge[] = finding.detail.cycle;
    const shown = cycle.map(({ from, to, held, taken }) => [
      from,
      held.function,
      held.line,
      to,
      taken.function,
      taken.line,
    ]);
    expect(shown).toEqual([
      ["payment", "cancel", 11, "stock", "restock", 12],
      ["stock", "reserve", 6, "payment", "pay", 7],
    ]);
    for (const [index, name] of ["cancel", "reserve"].entries()) {
      const { held, taken } = cycle[index]!;
      for (const place of [held, taken]) {
        expect(place).toMatchObject({ lane: name, file: expect.stringContaining("eval") });
        expect(place.stack.length).toBeGreaterThan(1);
        expect(place.stack.some((frame) => frame.replace("async ", "").startsWith(`${name} (`))).toBe(true);
      }
    }
    expect(new Set(cycle.flatMap(({ held, taken }) => [held, taken].map(({ stack }) => stack.join("\n")))).size).toBe(
      4,
    );
  }, 60_000);

  test("do not take a release that says no mode for one of a lock held alone", async () => {
    await line.module(LIBRARY);
    const findings = (await line.json("locks", "misuse", "--name", "library")).filter(
      ({ rule }) => rule === "misuse.mode",
    );
    expect(findings).toMatchObject([{ locks: ["desk"] }]);
    const holds = await line.json("stats", "--by", "lock", "--measure", "hold", "--name", "library");
    expect(holds.slice(0, -1)).toMatchObject([
      { lock: "shelf", count: "2" },
      { lock: "desk", count: "1" },
    ]);
  }, 60_000);

  test("graph has the fields of its table in docs/json.md as JSON, and no other", async () => {
    const page = readFileSync(new URL("../../../../../docs/json.md", import.meta.url), "utf8");
    const section = page.split(/^## /m).find((part) => part.startsWith("locks graph\n")) ?? "";
    const rows = [...section.matchAll(/^\| `(\w+)` *\| (\w+)/gm)].map(([, field, kind]) => `${kind} ${field}`);
    const lines = await line.json("locks", "graph", "--name", "shop");
    const kindOf = (value: object) => ("node" in value ? "node" : "from" in value ? "edge" : "coverage");
    const printed = lines.flatMap((value) => Object.keys(value).map((field) => `${kindOf(value)} ${field}`));
    expect([...new Set(printed)].sort()).toEqual(rows.sort());
    expect(lines.filter((value) => value.from === "stock")).toMatchObject([
      { to: "payment", count: 2, inverted: true },
    ]);
  });
});
