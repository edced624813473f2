import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { openEmbeddedBus } from "@wayward/bus";
import { collect, Spool } from "@wayward/collector";
import { startIngest } from "@wayward/ingest";
import { newSessionId } from "@wayward/record";
import { createLog, createMetrics, serve } from "@wayward/service-kit";
import { type TempFolder, tempFolder } from "@wayward/testing";

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("full-bus");
});
afterAll(() => folder.remove());

/** A spool with one block. */
function spool(root: string): void {
  const session = newSessionId(Date.now());
  const description = api.SessionDescription.fromPartial({ name: "waits" });
  const own = new Spool({ root, session, description: api.SessionDescription.encode(description).finish() });
  for (const { seq, bytes } of new BlockWriter({ session, description }).write(new Stage(64))) own.append(seq, bytes);
}

test("who brings blocks to a full bus is told that it is full", async () => {
  const bus = openEmbeddedBus({ path: join(folder.path, "bus"), partitions: 1, maxBytes: 10 });
  const log = createLog("error");
  const metrics = createMetrics();
  const parts = [startIngest({ bus, log, metrics })];
  const serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
  const root = join(folder.path, "spool");
  spool(root);
  const signal = AbortSignal.timeout(3_000);
  const { waiting, problem } = await collect({ root, address: serving.address, once: true, signal });
  expect({ waiting, problem }).toEqual({ waiting: 1, problem: expect.stringContaining("at most 10") });
  await serving.stop();
  await bus.close();
}, 30_000);
