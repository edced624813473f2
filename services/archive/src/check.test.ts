import { expect, test } from "@jest/globals";
import { openJetStreamBus } from "@wayward/bus";
import { newSessionId, sessionText } from "@wayward/record";
import { ensureLayout, openStore } from "@wayward/store";
import { askReal, startNats, tempFolder } from "@wayward/testing";
import { checkSettings } from "./check.ts";

const PARTITIONS = 2;

((await askReal("nats-server")) ? test : test.skip)(
  "a check tells what a start would, and what would be hidden",
  async () => {
    await using nats = await startNats();
    const folder = await tempFolder("archive-check");
    const at = (name: string) => `file://${folder.path}/${name}`;
    const settings = {
      servers: nats.url,
      monitorUrl: nats.monitorUrl,
      partitions: PARTITIONS,
      maxBytes: 16 * 1024 ** 2,
      store: at("store"),
    };
    // New altogether, and still so after it was looked at.
    for (const _ of [1, 2]) expect(await checkSettings(settings)).toContain("can be used");
    const store = await openStore(at("store"));
    await ensureLayout(store, PARTITIONS);
    await store.close();
    const bus = await openJetStreamBus(settings);
    await bus.publish(1, { tenant: "default", session: sessionText(newSessionId(1)) }, Buffer.from("a block"));
    await bus.purge(1, 1n);
    await bus.close();
    expect(await checkSettings(settings)).toContain("can be used");
    await expect(checkSettings({ ...settings, partitions: 4 })).rejects.toMatchObject({ reason: "LAYOUT_MISMATCH" });
    const empty = { ...settings, store: at("another") };
    await expect(checkSettings(empty)).rejects.toMatchObject({ reason: "STORE_EMPTY", message: /1 blocks have left/ });
    await folder.remove();
  },
  60_000,
);
