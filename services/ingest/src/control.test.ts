import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ingest } from "@wayward/api";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { newSessionId, SUPPRESSIONS_TOPIC } from "@wayward/record";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { startIngest } from "./start.ts";

const LEVELS = "control/levels";

describe("control", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-control-"));
  const log = createLog("error");
  let bus: Bus;
  let serving: Serving;
  let client: ingest.IngestServiceClient;

  const start = async () => {
    const metrics = createMetrics();
    serving = await serve({
      host: "127.0.0.1",
      port: 0,
      httpPort: 0,
      parts: [startIngest({ bus, log, metrics })],
      log,
      metrics,
    });
    client = new ingest.IngestServiceClient(serving.address, credentials.createInsecure());
  };
  const stop = async () => {
    client.close();
    await serving.stop();
  };
  const call = <T>(ask: (done: (error: ServiceError | null, answer: T) => void) => unknown) =>
    new Promise<T>((resolve, reject) => {
      ask((error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
  const set = (topic: string, value: Buffer | string, expectedRevision = 0n, ifUnset = false) =>
    call<ingest.SetControlResponse>((done) =>
      client.setControl({ topic, value: Buffer.from(value), expectedRevision, ifUnset }, done),
    );
  /** A stream that only listens; tells what it heard of control. */
  const listen = () => {
    const stream = client.push();
    const heard: string[] = [];
    stream.on("data", ({ event }: ingest.PushResponse) => {
      if (event?.$case === "control") heard.push(`${event.value.topic}=${event.value.value}`);
    });
    stream.on("error", () => {});
    stream.write({ block: Buffer.alloc(0), sent: 0n });
    const until = async (count: number) => {
      for (let tries = 0; tries < 500 && heard.length < count; tries++) await new Promise((r) => setTimeout(r, 10));
      expect(heard).toHaveLength(count);
    };
    return { heard, until, end: () => stream.end() };
  };

  beforeAll(async () => {
    bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: 1 });
    await start();
  });
  afterAll(async () => {
    await stop();
    await bus.close();
    rmSync(folder, { recursive: true });
  });

  test("is told to every open stream, to those that open later, and after a restart", async () => {
    const before = listen();
    await set(LEVELS, "a");
    await before.until(1);
    const after = listen();
    await after.until(1);
    await set(LEVELS, "b");
    await Promise.all([before.until(2), after.until(2)]);
    expect(before.heard).toEqual([`${LEVELS}=a`, `${LEVELS}=b`]);
    expect(after.heard).toEqual([`${LEVELS}=a`, `${LEVELS}=b`]);
    for (const one of [before, after]) one.end();
    await stop();
    await start();
    const again = listen();
    await again.until(1);
    expect(again.heard).toEqual([`${LEVELS}=b`]);
    again.end();
  });

  test("is answered to StartSession and GetControl, and is one tenant's", async () => {
    await set(LEVELS, "c");
    await bus.topics.set("control/other/levels", Buffer.from("not ours"));
    const other = listen();
    await other.until(1);
    const { control } = await call<ingest.GetControlResponse>((done) => client.getControl({}, done));
    expect(control.map(({ topic, value }) => `${topic}=${value}`)).toEqual([`${LEVELS}=c`]);
    const session = Buffer.from(newSessionId(1));
    const started = await call<ingest.StartSessionResponse>((done) =>
      client.startSession({ session, description: undefined }, done),
    );
    expect(started.control).toEqual(control);
    expect(other.heard).toEqual([`${LEVELS}=c`]);
    other.end();
  });

  test("tells agents nothing of what is suppressed, and readers all of it", async () => {
    const topic = `${SUPPRESSIONS_TOPIC}a`;
    const before = listen();
    await before.until(1);
    await set(topic, "{}");
    await set(LEVELS, "d");
    await before.until(2);
    const after = listen();
    await after.until(1);
    expect([before.heard.at(-1), after.heard[0]]).toEqual([`${LEVELS}=d`, `${LEVELS}=d`]);
    const topics = ({ control }: { readonly control: ingest.Control[] }) => control.map((one) => one.topic).sort();
    const session = Buffer.from(newSessionId(1));
    const started = await call<ingest.StartSessionResponse>((done) =>
      client.startSession({ session, description: undefined }, done),
    );
    expect(topics(started)).toEqual([LEVELS]);
    expect(topics(await call((done) => client.getControl({}, done)))).toEqual([LEVELS, topic]);
    for (const one of [before, after]) one.end();
  });

  test("is set by revision only where it fits, and only to what is small and well named", async () => {
    const { revision } = await set("control/x", "1");
    const next = await set("control/x", "2", revision);
    expect(next.revision).toBeGreaterThan(revision);
    await expect(set("control/x", "3", revision)).rejects.toMatchObject({ code: 10 });
    await set("control/y", "1", 0n, true);
    await expect(set("control/y", "2", 0n, true)).rejects.toMatchObject({
      code: 10,
      details: expect.stringContaining("is no longer unset"),
    });
    await expect(set("watermark/x", "1")).rejects.toMatchObject({ code: 3, details: expect.stringContaining("topic") });
    await expect(set("control/a/b", "1")).rejects.toMatchObject({ code: 3 });
    const large = Buffer.alloc(16 * 1024 + 1);
    await expect(set("control/x", large)).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining("16385 bytes, at most 16384"),
    });
  });
});
