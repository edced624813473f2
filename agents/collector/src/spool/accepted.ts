import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ACCEPTED } from "./layout.ts";

/** Digits of 2^64 - 1. */
const DIGITS = 20;
const { O_WRONLY, O_CREAT } = constants;

/**
 * Says up to which seq the server has everything. Best effort: the folder may
 * be gone. Written in place, as replacing a file has the disk's journal wait
 * for its bytes, and twice, so that a reader sees whether it met a writer.
 */
export function writeAccepted(folder: string, upTo: bigint): void {
  const digits = String(upTo).padStart(DIGITS, "0");
  try {
    const file = openSync(join(folder, ACCEPTED), O_WRONLY | O_CREAT, 0o600);
    try {
      writeSync(file, `${digits} ${digits}\n`, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    // A full disk, or the session was discarded; the next one says it again.
  }
}

/** The seq up to which a pusher saw everything accepted; -1 if it told nothing, or is telling it now. */
export function readAccepted(folder: string): bigint {
  try {
    const [first = "", second] = readFileSync(join(folder, ACCEPTED), "utf8").trim().split(" ");
    return first === second && first.length === DIGITS ? BigInt(first) : -1n;
  } catch {
    return -1n;
  }
}
