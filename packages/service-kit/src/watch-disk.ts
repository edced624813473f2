import { statfs } from "node:fs/promises";
import { delay } from "@wayward/base";
import type { Metrics } from "./metrics.ts";
import type { Part } from "./serve.ts";

const MEASURE_EVERY_MS = 10_000;

/** Tells how much room the file system of this folder has: what is kept there may be bounded by less than its own limit. */
export function watchDisk(folder: string, metrics: Metrics): Part {
  const stopping = new AbortController();
  void measure(folder, metrics, stopping.signal);
  // A share that hangs must not keep who ends.
  return { name: "watch of the disk", stop: async () => stopping.abort() };
}

async function measure(folder: string, metrics: Metrics, signal: AbortSignal): Promise<void> {
  const free = metrics.gauge("wayward_disk_free_bytes", "Bytes that the disk of bus or archive still takes");
  const all = metrics.gauge("wayward_disk_bytes", "Bytes of the disk of bus or archive");
  while (!signal.aborted) {
    try {
      // What the system keeps for its administrator is not to be had.
      const { bsize, blocks, bavail } = await statfs(folder);
      free.set(bavail * bsize);
      all.set(blocks * bsize);
    } catch {
      // Nobody knows; that the folder cannot be used is told by who uses it.
      for (const gauge of [free, all]) gauge.remove();
    }
    await delay(MEASURE_EVERY_MS, signal);
  }
}
