import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { health } from "@wayward/api";
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

    test("is ready only while the bus is, and tells when it goes and comes", async () => {
      const [port, http] = [await freePort(), await freePort()];
      const service = run(port, { WAYWARD_HTTP_PORT: String(http) });
      const lines = logOf(service);
      await until(() => lines.some(({ message }) => message === "ready"));
      const client = new health.HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
      const status = () =>
        new Promise((resolve) => client.check({ service: "" }, (_, answer) => resolve(answer?.status)));
      const readyz = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).status;
      const connected = async () =>
        /^wayward_bus_connected (\d)$/m.exec(await (await fetch(`http://127.0.0.1:${http}/metrics`)).text())?.[1];
      expect([await status(), await readyz(), await connected()]).toEqual([1, 200, "1"]);
      await nats.kill();
      await until(() => lines.some(({ message }) => message === "the bus is gone"));
      expect([await status(), await readyz(), await connected()]).toEqual([2, 503, "0"]);
      await nats.restart();
      await until(() => lines.some(({ message }) => message === "the bus is there again"));
      await until(async () => (await readyz()) === 200);
      expect([await status(), await connected()]).toEqual([1, "1"]);
      client.close();
      service.kill("SIGTERM");
      expect(await ended(service)).toBe(0);
      expect(lines.slice(-2).map(({ message }) => message)).toEqual([
        "ending (SIGTERM)",
        expect.stringMatching(/^ended in \d+ ms$/),
      ]);
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

/** The lines of a service's log so far, and those to come. */
function logOf(service: ChildProcess): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: service.stderr! }).on("line", (line) => lines.push(JSON.parse(line)));
  return lines;
}

/** Waits up to 20 s for what a test expects. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400 && !(await holds()); tries++) await delay(50);
  expect(await holds()).toBe(true);
}

async function says(service: ChildProcess, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: service.stderr! })) if (pattern.test(line)) break;
  service.stderr!.resume();
}

async function ended(service: ChildProcess): Promise<number> {
  if (service.exitCode !== null) return service.exitCode;
  return await new Promise((resolve) => service.once("close", (code) => resolve(code ?? -1)));
}
