import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "@jest/globals";
import { describeBus, takeMessages } from "../contract.ts";
import { openEmbeddedBus } from "./bus.ts";

function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bus-"));
  return { path: join(folder, "bus.sqlite"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const NEVER_LOST = "its file is this process's own: nobody takes it away while it is open";

describeBus(
  "embedded",
  async () => {
    const { path, remove } = scratch();
    return { open: async () => openEmbeddedBus({ path, partitions: 4 }), stop: async () => remove() };
  },
  NEVER_LOST,
);

describe("the embedded bus", () => {
  const address = { tenant: "default", session: "0".repeat(26) };

  test("refuses what is over its size, and takes it after a purge", async () => {
    const { path, remove } = scratch();
    const bus = openEmbeddedBus({ path, partitions: 1, maxBytes: 1000 });
    await bus.publish(0, address, Buffer.alloc(600));
    await expect(bus.publish(0, address, Buffer.alloc(600))).rejects.toMatchObject({ reason: "BUS_FULL" });
    await bus.purge(0, 1n);
    await bus.publish(0, address, Buffer.alloc(600));
    await bus.close();
    remove();
  });

  test("tells of each partition what the others leave it of the limit that they share", async () => {
    const { path, remove } = scratch();
    const bus = openEmbeddedBus({ path, partitions: 2, maxBytes: 1000 });
    await bus.publish(0, address, Buffer.alloc(600));
    await bus.publish(1, address, Buffer.alloc(300));
    expect(await bus.usage(0)).toMatchObject({ bytes: 600, bytesMax: 700 });
    expect(await bus.usage(1)).toMatchObject({ bytes: 300, bytesMax: 400 });
    await bus.purge(0, 1n);
    expect(await bus.usage(1)).toMatchObject({ bytes: 300, bytesMax: 1000 });
    await bus.close();
    remove();
  });

  test("takes a file that was made before messages had a time, and what waits there", async () => {
    const { path, remove } = scratch();
    const old = new DatabaseSync(path);
    old.exec("CREATE TABLE messages (id INTEGER PRIMARY KEY, tenant TEXT, session TEXT, body BLOB) STRICT");
    old.exec("CREATE TABLE partitions (id INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT");
    old.prepare("INSERT INTO messages VALUES (1, ?, ?, ?)").run(address.tenant, address.session, Buffer.from("old"));
    old.exec("INSERT INTO partitions VALUES (0, 1)");
    old.close();
    const bus = openEmbeddedBus({ path, partitions: 1 });
    await bus.publish(0, address, Buffer.from("new"));
    const read = await takeMessages(bus, 0, 1n, 2);
    expect(read.map(({ busSeq, body }) => [busSeq, Buffer.from(body).toString()])).toEqual([
      [1n, "old"],
      [2n, "new"],
    ]);
    expect((await bus.usage(0)).oldestMs).toBeLessThan(20_000);
    await bus.close();
    remove();
  });

  test("is one process's own", async () => {
    const { path, remove } = scratch();
    const bus = openEmbeddedBus({ path, partitions: 1 });
    expect(() => openEmbeddedBus({ path, partitions: 1 })).toThrow(
      expect.objectContaining({
        reason: "BUS_IN_USE",
        message: expect.stringMatching(/is `wayward up` already running\? --data or WAYWARD_DATA/),
      }),
    );
    await bus.close();
    remove();
  });
});
