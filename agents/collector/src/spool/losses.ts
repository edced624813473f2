import { appendFileSync, closeSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOSSES, LOSSES_TOLD } from "./layout.ts";

/** Blocks that a pusher has given up. */
export interface Loss {
  readonly firstSeq: bigint;
  readonly lastSeq: bigint;
  /** How many records they held; 0 where nobody could read it. */
  readonly records: number;
  /** Least and greatest time of the records. */
  readonly from: bigint;
  readonly until: bigint;
  /** The server's reason, or DAMAGED. */
  readonly cause: string;
}

/** Losses that the session's records do not tell of yet. */
export interface Untold {
  readonly losses: readonly Loss[];
  /** Where the next look begins, once these are told. */
  readonly end: number;
}

/** Notes a loss. Throws what the file system throws. */
export function noteLoss(folder: string, loss: Loss): void {
  const { firstSeq, lastSeq, records, from, until, cause } = loss;
  const line = { first: `${firstSeq}`, last: `${lastSeq}`, records, from: `${from}`, until: `${until}`, cause };
  appendFileSync(join(folder, LOSSES), `${JSON.stringify(line)}\n`, { mode: 0o600 });
}

/**
 * What was noted since `tellLosses`; undefined if nothing was. `begin` is the
 * last `end`, where the caller knows it. Throws what the file system throws.
 */
export function untoldLosses(folder: string, begin?: number): Untold | undefined {
  const size = statSync(join(folder, LOSSES), { throwIfNoEntry: false })?.size ?? 0;
  const from = begin ?? toldBytes(folder);
  if (size <= from) return undefined;
  const text = readPart(join(folder, LOSSES), from, size);
  // A line may be half written: the next look sees it whole.
  const whole = text.lastIndexOf("\n") + 1;
  if (whole === 0) return undefined;
  const losses = text
    .slice(0, whole - 1)
    .split("\n")
    .map(readLoss);
  return { losses: losses.filter((loss) => loss !== undefined), end: from + Buffer.byteLength(text.slice(0, whole)) };
}

/** Says that a block of the session tells of the losses up to here. */
export function tellLosses(folder: string, end: number): void {
  writeFileSync(join(folder, LOSSES_TOLD), String(end), { mode: 0o600 });
}

function toldBytes(folder: string): number {
  try {
    return Number(readFileSync(join(folder, LOSSES_TOLD), "utf8")) || 0;
  } catch {
    return 0;
  }
}

function readPart(path: string, from: number, until: number): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(until - from);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, bytes.length, from));
  } finally {
    closeSync(file);
  }
}

function readLoss(line: string): Loss | undefined {
  try {
    const { first, last, records, from, until, cause } = JSON.parse(line) as Record<string, string>;
    return {
      firstSeq: BigInt(first ?? 0),
      lastSeq: BigInt(last ?? 0),
      records: Number(records),
      from: BigInt(from ?? 0),
      until: BigInt(until ?? 0),
      cause: String(cause),
    };
  } catch {
    return undefined;
  }
}
