/**
 * Analyses one file of blocks as several sessions on two threads, once it is
 * asked to: `analyses.ts FILE SIZES SESSIONS`. SIZES is a JSON array of the
 * blocks' bytes.
 */
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { AnalysisPool, type SessionSource } from "@wayward/analysis";

export interface Analysed {
  readonly seconds: number;
  /** CPU seconds of all threads. */
  readonly cpu: number;
  readonly rssMiB: number;
}

const THREADS = 2;

const [path = "", sizes = "[]", sessions = "0"] = process.argv.slice(2);
const lengths = JSON.parse(sizes) as readonly number[];

function sourceOf(session: number): SessionSource {
  return {
    facts: { session: `session-${session}`, description: undefined },
    definitions: [],
    async *blocks() {
      const file = await open(path);
      try {
        for (const length of lengths) {
          const { buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length);
          yield buffer;
        }
      } finally {
        await file.close();
      }
    },
  };
}

/** Of this program: what getrusage tells counts its parent too, whose memory it had until it began. */
function peakMib(): number {
  const [, kib = "NaN"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kib) / 1024;
}

process.once("message", async () => {
  const pool = new AnalysisPool({ threads: THREADS });
  const [begun, before] = [performance.now(), process.cpuUsage()];
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: Number(sessions) }, (_, session) => pool.analyse(sourceOf(session), signal)));
  const { user, system } = process.cpuUsage(before);
  const analysed: Analysed = {
    seconds: (performance.now() - begun) / 1000,
    cpu: (user + system) / 1e6,
    rssMiB: peakMib(),
  };
  process.send?.(analysed);
  await pool.close();
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
