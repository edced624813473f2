import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { describeBus } from "../contract.ts";
import { openEmbeddedBus } from "./bus.ts";

function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bus-"));
  return { path: join(folder, "bus.sqlite"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

describeBus("embedded", async () => {
  const { path, remove } = scratch();
  return { open: async () => openEmbeddedBus({ path, partitions: 4 }), stop: async () => remove() };
});

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

  test("is one process's own", async () => {
    const { path, remove } = scratch();
    const bus = openEmbeddedBus({ path, partitions: 1 });
    expect(() => openEmbeddedBus({ path, partitions: 1 })).toThrow(expect.objectContaining({ reason: "BUS_IN_USE" }));
    await bus.close();
    remove();
  });
});
