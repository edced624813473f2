import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { connect } from "@wayward/client";
import { ensureLayout, openStore } from "@wayward/store";
import { freePort, type NatsServer, requireReal, startNats, type TempFolder, tempFolder } from "@wayward/testing";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

if (await requireReal("nats-server")) {
  describe("the stream service as a process", () => {
    let nats: NatsServer;
    let folder: TempFolder;
    beforeAll(async () => {
      nats = await startNats({ syncAlways: false });
      folder = await tempFolder("stream-main");
    }, 60_000);
    afterAll(async () => {
      await nats.stop();
      await folder.remove();
    });

    const run = (port: number, more: NodeJS.ProcessEnv = {}) => {
      const env = {
        ...process.env,
        WAYWARD_NATS: nats.url,
        WAYWARD_NATS_MONITOR: nats.monitorUrl,
        WAYWARD_BUS_BYTES: "64MiB",
        WAYWARD_STORE: `file://${folder.path}`,
        WAYWARD_PORT: String(port),
        WAYWARD_HTTP_PORT: "0",
        ...more,
      };
      return spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "ignore", "pipe"] });
    };

    test("refuses a store that is laid out for another number of partitions", async () => {
      const store = await openStore(`file://${folder.path}`);
      await ensureLayout(store, 4);
      await store.close();
      const service = run(0, { WAYWARD_PARTITIONS: "2" });
      await says(service, /"reason":"LAYOUT_MISMATCH","error":"file:.* for 4 partitions .* configured are 2/);
      expect(await ended(service)).toBe(78);
    }, 60_000);

    test("survives observers that come while the bus is gone, and serves them when it is back", async () => {
      const port = await freePort();
      const service = run(port);
      await says(service, /"message":"ready"/);
      await nats.kill();
      const client = connect({ server: `127.0.0.1:${port}` });
      const early = new AbortController();
      const watching = (async () => {
        for await (const _ of client.watch({ signal: early.signal }));
      })().catch((error: unknown) => error);
      await delay(1_000);
      await nats.restart();
      await delay(2_000);
      expect(service.exitCode).toBeNull();
      early.abort();
      await watching;
      const live = new AbortController();
      for await (const { type } of client.watch({ signal: live.signal })) if (type === "live") break;
      live.abort();
      client.close();
      service.kill("SIGTERM");
      expect(await ended(service)).toBe(0);
    }, 60_000);
  });
} else describe.skip("the stream service as a process", () => test("needs nats-server", () => {}));

async function says(service: ChildProcess, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: service.stderr! })) if (pattern.test(line)) break;
  service.stderr!.resume();
}

async function ended(service: ChildProcess): Promise<number> {
  if (service.exitCode !== null) return service.exitCode;
  return await new Promise((resolve) => service.once("close", (code) => resolve(code ?? -1)));
}
