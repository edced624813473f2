import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder, until } from "@wayward/testing";
import { createMetrics } from "./metrics.ts";
import { freeBytes, watchDisk } from "./watch-disk.ts";

/** What is told of the disk of a folder, by name. */
async function told(folder: string): Promise<Map<string, number>> {
  const metrics = createMetrics();
  const part = watchDisk(folder, metrics);
  let text = "";
  await until("a measurement", async () => {
    text = await metrics.text();
    return !/^wayward_disk_bytes 0$/m.test(text);
  });
  await part.stop();
  return new Map([...text.matchAll(/^(wayward_\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
}

test("the disk of a folder is told as the system has it", async () => {
  await using folder = await tempFolder("disk");
  const values = await told(folder.path);
  const disk = await statfs(folder.path);
  const { bsize, blocks } = disk;
  expect(values.get("wayward_disk_bytes")).toBe(blocks * bsize);
  // Others write meanwhile.
  const free = values.get("wayward_disk_free_bytes")!;
  expect(Math.abs(free - freeBytes(disk))).toBeLessThan(0.05 * blocks * bsize);
  expect(free).toBeLessThan(blocks * bsize);
});

test("a disk that has bytes and takes few more files is as full as these say", () => {
  const disk = { bsize: 4096, blocks: 1000, bavail: 400, files: 200, ffree: 100 };
  expect(freeBytes(disk)).toBe(400 * 4096);
  expect(freeBytes({ ...disk, ffree: 10 })).toBe(50 * 4096);
  expect(freeBytes({ ...disk, ffree: 0 })).toBe(0);
  // As btrfs tells it, which has no such limit, and CephFS, whose -1 is read as unsigned.
  expect(freeBytes({ ...disk, files: 0, ffree: 0 })).toBe(400 * 4096);
  expect(freeBytes({ ...disk, ffree: 2 ** 64 })).toBe(400 * 4096);
});

test("nothing is told of a folder that is not there", async () => {
  await using folder = await tempFolder("disk");
  expect([...(await told(join(folder.path, "nowhere"))).keys()]).toEqual([]);
});
