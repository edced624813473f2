import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "../../../../..");
const BIN = join(root, "clients/cli/bin/wayward.mjs");
const AGENT = join(root, "agents/node/src/api.ts");
const run = promisify(execFile);

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
  const folder = mkdtempSync(join(tmpdir(), "wayward-rules-"));
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: join(folder, "spool") };
  let up: ChildProcess;

  const program = (code: string) =>
    run(process.execPath, ["--input-type=module", "-e", code], { env, timeout: 20_000 });
  const ask = async (...args: string[]) => {
    const { stdout } = await run(process.execPath, [BIN, ...args, "--json"], { env });
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  };

  beforeAll(async () => {
    const args = [BIN, "up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"];
    up = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    env.WAYWARD_SERVER = await new Promise<string>((resolve) => {
      up.stderr?.on("data", (chunk) => {
        const match = /gRPC at (\S+?),/.exec(String(chunk));
        if (match?.[1] !== undefined) resolve(match[1]);
      });
    });
  }, 30_000);
  afterAll(async () => {
    up.kill("SIGTERM");
    await new Promise((resolve) => up.once("close", resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  test("shows for each lock of an inversion where it was taken, with the calls that lead there", async () => {
    await program(SHOP);
    const [finding] = await ask("locks", "order", "--name", "shop");
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
    await program(LIBRARY);
    const findings = (await ask("locks", "misuse", "--name", "library")).filter(({ rule }) => rule === "misuse.mode");
    expect(findings).toMatchObject([{ locks: ["desk"] }]);
    const holds = await ask("stats", "--by", "lock", "--measure", "hold", "--name", "library");
    expect(holds).toMatchObject([
      { lock: "shelf", count: "2" },
      { lock: "desk", count: "1" },
    ]);
  }, 60_000);
});
