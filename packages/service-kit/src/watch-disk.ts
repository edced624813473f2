import type { StatsFs } from "node:fs";
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
  const free = metrics.gauge(
    "wayward_disk_free_bytes",
    "Bytes that the disk of bus or archive still takes; as small a share as that of the files it still takes",
  );
  const all = metrics.gauge("wayward_disk_bytes", "Bytes of the disk of bus or archive");
  while (!signal.aborted) {
    try {
      const disk = await statfs(folder);
      free.set(freeBytes(disk));
      all.set(disk.blocks * disk.bsize);
    } catch {
      // Nobody knows; that the folder cannot be used is told by who uses it.
      for (const gauge of [free, all]) gauge.remove();
    }
    await delay(MEASURE_EVERY_MS, signal);
  }
}

/**
 * Bytes that may still be written: what the system keeps for its administrator
 * is not to be had. A disk that takes no more files is as full as one without
 * bytes, so the lesser of the two shares counts, where the system tells both.
 */
export function freeBytes({ bsize, blocks, bavail, files, ffree }: DiskRoom): number {
  const ofFiles = files > 0 ? ffree / files : 1;
  return bsize * Math.min(bavail, Math.floor(blocks * ofFiles));
}

/** Of statfs: blocks of `bsize` bytes, and files; `files` is 0 where no count limits them. */
export type DiskRoom = Pick<StatsFs, "bsize" | "blocks" | "bavail" | "files" | "ffree">;
