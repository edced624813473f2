import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./figure.ts";
import { LockMix, WHOLE } from "./lock-mix.ts";
import { Program } from "./program.ts";
import type { Analysed } from "./programs/analyses.ts";

const RECORDS = 100_000_000;
const RECORDS_A_BLOCK = 20_000;
/** Sessions that share lanes and instances of the whole; each has locks of all classes. */
const SESSIONS = 8;

/** L2: all lock analyses of 100 M records on two threads, in a process of its own that reads the blocks from a file. */
export const lockPool: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  try {
    const path = join(folder, "blocks");
    const scale = quick ? 10 : 1;
    const { sizes, records } = writeBlocks(path, RECORDS / SESSIONS / scale);
    const { program } = await Program.start("analyses", path, JSON.stringify(sizes), String(SESSIONS));
    const { seconds, cpu, rssMiB } = await program.ask<Analysed>("analyse");
    await program.stop();
    const all = ((records * SESSIONS) / 1e6).toFixed(0);
    const busy = `${(cpu / seconds).toFixed(2)} processors busy, ${((cpu * 1e9) / (records * SESSIONS)).toFixed(0)} CPU ns a record`;
    const what = `all lock analyses of 100 M lock records on 2 threads (${all} M measured, ${busy})`;
    return [
      { id: "L2a", what, value: seconds * scale, unit: "s", op: "<=", must: 10, aim: 4 },
      { id: "L2b", what: "peak RSS of that", value: rssMiB, unit: "MiB", op: "<=", must: 512, aim: 512 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** One session's blocks, one behind the other. */
function writeBlocks(path: string, wanted: number): { readonly sizes: readonly number[]; readonly records: number } {
  const { lanes, instances, classes } = WHOLE;
  const mix = new LockMix(2, { lanes: lanes / SESSIONS, instances: instances / SESSIONS, classes });
  writeFileSync(path, "");
  const sizes: number[] = [];
  let records = 0;
  while (records < wanted) {
    const block = mix.block(RECORDS_A_BLOCK);
    writeFileSync(path, block.bytes, { flag: "a" });
    sizes.push(block.bytes.length);
    records += block.records;
  }
  return { sizes, records };
}
