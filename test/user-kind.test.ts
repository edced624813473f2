import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { requireReal, tempFolder } from "@wayward/testing";
import { Started, wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES } from "../samples/cluster/services.ts";

const execute = promisify(execFile);

/** Servers of one shape. */
interface Servers {
  /** Where clients and agents find them; another one after a restart. */
  env(): NodeJS.ProcessEnv;
  /** Ends every server and starts it again on what it has kept. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function allInOne(folder: string): Promise<Servers> {
  let address = "";
  const start = async () => {
    const server = wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], {
      NODE_OPTIONS: "",
    });
    address = await server.says(/gRPC at (\S+?),/, 20_000);
    return server;
  };
  let server = await start();
  return {
    env: () => ({ WAYWARD_SERVER: address }),
    restart: async () => {
      await server.stop();
      server = await start();
    },
    stop: () => server.stop(),
  };
}

async function distributed(): Promise<Servers> {
  const cluster = await Cluster.start();
  return {
    env: () => cluster.clientEnv,
    restart: async () => {
      for (const name of SERVICES) await cluster.killService(name);
      await cluster.nats.restart();
      await cluster.s3.restart();
      await Promise.all(SERVICES.map((name) => cluster.startService(name)));
    },
    stop: () => cluster.stop(),
  };
}

/** Shown live, filtered, summed, and there after a restart of all servers. */
async function checkKind(servers: Servers, spool: string): Promise<void> {
  const env = () => ({ NODE_OPTIONS: "", WAYWARD_SPOOL: spool, ...servers.env() });
  const ask = async (...args: string[]) => {
    const options = { env: { ...process.env, ...env() } };
    return (await execute(process.execPath, ["clients/cli/bin/wayward.mjs", ...args], options)).stdout;
  };
  const tail = wayward(["tail", "--kind", "cafe.order", "--limit", "3"], env());
  const collector = wayward(["collect"], env());
  const cafe = new Started(process.execPath, ["samples/kinds/cafe.ts"], env());
  expect(await tail.says(/cafe\/main cafe\.order (drink=espresso price=220 to_go=true)/, 20_000)).toContain("espresso");
  expect(await tail.ended).toBe(0);
  expect(await cafe.ended).toBe(0);
  await collector.stop();
  await ask("collect", "--once");
  const questions = [
    () => ask("read", "--kind", "cafe", "--where", "price >= 355 and drink = cappuccino"),
    () => ask("stats", "--kind", "cafe.order", "--by", "drink", "--measure", "price", "--json"),
    () => ask("kinds"),
  ];
  const before = await Promise.all(questions.map((question) => question()));
  expect(before[0]?.trim().split("\n")).toHaveLength(5);
  const [first] = (before[1] ?? "").split("\n").map((line) => JSON.parse(line || "null"));
  expect(first).toMatchObject({ drink: "cappuccino", count: "20", sum: String(20 * 340 + 190), max: "359" });
  expect(before[2]).toContain("drink: ref (key), price: u64 (measure ct), to_go: bool");
  await servers.restart();
  const after = await Promise.all(questions.map((question) => question()));
  expect(after.map(withoutPlaces)).toEqual(before.map(withoutPlaces));
}

/** An answer without the places of archive and bus that it rests on: those move on. */
function withoutPlaces(text: string | undefined): string | undefined {
  return text?.replace(/"snapshot":\[.*?\],/, "");
}

const hasReal = await requireReal("nats-server", "versitygw");

describe("a kind that only a program knows is shown live, filtered, summed, and there after a restart", () => {
  async function check(start: (folder: string) => Promise<Servers>): Promise<void> {
    await using folder = await tempFolder("kind");
    const servers = await start(folder.path);
    try {
      await checkKind(servers, join(folder.path, "spool"));
    } finally {
      await servers.stop();
    }
  }

  test("of the all-in-one", () => check(allInOne), 60_000);

  const onReal = hasReal ? test : test.skip;
  onReal("of four services, nats-server and versitygw", () => check(distributed), 180_000);
});
