import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { type Bus, openJetStreamBus } from "@wayward/bus";
import { loadPartition } from "@wayward/chunk";
import { openStore, partitionKeys, type Store } from "@wayward/store";
import {
  freePort,
  type NatsServer,
  requireReal,
  type S3Server,
  startNats,
  startVersitygw,
  until,
} from "@wayward/testing";
import { sessionOf } from "./testing/session-of.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

if (await requireReal("nats-server", "versitygw")) {
  describe("the archive service as a process", () => {
    let nats: NatsServer;
    let s3: S3Server;
    let bus: Bus;
    let store: Store;

    beforeAll(async () => {
      nats = await startNats({ syncAlways: false });
      s3 = await startVersitygw();
      Object.assign(process.env, s3.env);
      bus = await openJetStreamBus({ servers: nats.url, partitions: 1, maxBytes: 64 * 1024 * 1024 });
      store = await openStore(s3.storeUrl);
    }, 60_000);
    afterAll(async () => {
      await bus?.close();
      await store?.close();
      await nats?.stop();
      await s3?.stop();
    });

    const run = (httpPort: number, ...args: string[]) => {
      const env = {
        ...process.env,
        WAYWARD_NATS: nats.url,
        WAYWARD_NATS_MONITOR: nats.monitorUrl,
        WAYWARD_PARTITIONS: "1",
        WAYWARD_BUS_BYTES: "64MiB",
        WAYWARD_STORE: s3.storeUrl,
        WAYWARD_PORT: "0",
        WAYWARD_HTTP_PORT: String(httpPort),
      };
      return spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    };

    test("keeps the size given by --keep, counts what it does, and commits what it has read when it is told to end", async () => {
      const httpPort = await freePort();
      const service = run(httpPort, "--keep", "100kB");
      await says(service, /"message":"ready"/);
      const sessions = Array.from({ length: 12 }, (_, number) => sessionOf(number, true));
      for (const { text, bytes } of sessions) await bus.publish(0, { tenant: "default", session: text }, bytes);
      await delay(500);
      service.kill("SIGTERM");
      expect(await ended(service)).toBe(0);

      const log = await loadPartition(store, partitionKeys("default", 0));
      expect(log.sessions.size).toBe(12);
      const gone = sessions.filter(({ text }) => log.sessions.get(text)?.expired).map(({ text }) => text);
      expect(gone).toEqual(sessions.slice(0, 8).map(({ text }) => text));
    }, 60_000);

    test("tells its counts", async () => {
      const httpPort = await freePort();
      const service = run(httpPort);
      await says(service, /"message":"ready"/);
      let text = "";
      // A service is ready before it holds its leases and before its first look at the bus.
      const tells = (line: RegExp) => async () => {
        text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
        return line.test(text);
      };
      await until("its lease", tells(/^wayward_archive_leases 1$/m), { withinMs: 20_000, everyMs: 50 });
      await until("its look at the bus", tells(/^wayward_bus_messages\{partition="0"\} \d+$/m), {
        withinMs: 20_000,
        everyMs: 50,
      });
      expect(text).toContain("# TYPE wayward_archive_blocks_total counter");
      expect(text).toContain("# TYPE wayward_archive_commit_seconds histogram");
      expect(text).toMatch(/^wayward_bus_connected 1$/m);
      expect(text).toMatch(/^wayward_bus_bytes_max\{partition="0"\} 67108864$/m);
      service.kill("SIGTERM");
      expect(await ended(service)).toBe(0);
    }, 60_000);

    test("refuses a size that is none, with the code of a wrong configuration", async () => {
      expect(await ended(run(0, "--keep", "much"))).toBe(2);
    }, 60_000);
  });
} else describe.skip("the archive service as a process", () => test("needs both servers", () => {}));

async function says(service: ChildProcess, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: service.stderr! })) if (pattern.test(line)) break;
  service.stderr!.resume();
}

async function ended(service: ChildProcess): Promise<number> {
  return await new Promise((resolve) => service.once("close", (code) => resolve(code ?? -1)));
}
