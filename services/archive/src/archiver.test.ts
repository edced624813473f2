import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, test } from "@jest/globals";
import { openEmbeddedBus, openJetStreamBus } from "@wayward/bus";
import { openStore, partitionKeys } from "@wayward/store";
import { requireReal, startNats, startVersitygw, tempFolder } from "@wayward/testing";
import { describeArchiver } from "./contract.ts";

const NEVER_LOST = "the bus's file is this process's own: nobody takes it away while it is open";

describeArchiver(
  "embedded bus and folder",
  async () => {
    const folder = await tempFolder("archive");
    const bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
    const store = await openStore(pathToFileURL(`${folder.path}/store`).href);
    const stop = async () => {
      await bus.close();
      await store.close();
      await folder.remove();
    };
    // No key is another key's folder: chunks cannot be written below an object.
    const breakStore = () => store.put(partitionKeys("default", 0).chunks.slice(0, -1), Buffer.from("in the way"));
    return { connect: async () => ({ bus, store }), breakStore, stop };
  },
  NEVER_LOST,
);

if (await requireReal("nats-server", "versitygw")) {
  describeArchiver("nats-server and versitygw", async () => {
    const nats = await startNats({ syncAlways: false });
    const s3 = await startVersitygw();
    Object.assign(process.env, s3.env);
    const opened: { close(): Promise<void> }[] = [];
    const connect = async () => {
      const bus = await openJetStreamBus({ servers: nats.url, partitions: 1, maxBytes: 64 * 1024 * 1024 });
      const store = await openStore(s3.storeUrl);
      opened.push(bus, store);
      return { bus, store };
    };
    const stop = async () => {
      for (const one of opened) await one.close();
      await nats.stop();
      await s3.stop();
    };
    const loseBus = async () => {
      await nats.kill();
      await rm(join(nats.folder, "data"), { recursive: true });
      await nats.restart();
    };
    return { connect, breakStore: () => s3.kill(), loseBus, stop };
  });
} else describe.skip("the archiver on nats-server and versitygw", () => test("needs both", () => {}));
