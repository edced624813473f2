import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OFFSET } from "./layout.ts";

/** The four times of one exchange with a server, as in RFC 5905: own ones in nanoseconds of the host's monotonic clock, the server's since 1970. */
export interface OffsetSample {
  readonly sent: bigint;
  readonly serverReceived: bigint;
  readonly serverSent: bigint;
  readonly received: bigint;
}

/** Nanoseconds that the exchange spent on the way: the less, the better the sample. */
export function wayOf({ sent, serverReceived, serverSent, received }: OffsetSample): bigint {
  return received - sent - (serverSent - serverReceived);
}

/** Leaves a sample for the session's writer. Best effort. */
export function writeOffset(folder: string, sample: OffsetSample): void {
  const { sent, serverReceived, serverSent, received } = sample;
  const path = join(folder, OFFSET);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, `${sent} ${serverReceived} ${serverSent} ${received}`, { mode: 0o600 });
    renameSync(draft, path);
  } catch {
    // A full disk, or the session was discarded.
  }
}

/** The last sample that a pusher has left; undefined if there is none. */
export function readOffset(folder: string): OffsetSample | undefined {
  try {
    const text = readFileSync(join(folder, OFFSET), "utf8");
    const [sent, serverReceived, serverSent, received] = text.split(" ").map(BigInt);
    if (received === undefined) return undefined;
    return { sent: sent!, serverReceived: serverReceived!, serverSent: serverSent!, received };
  } catch {
    return undefined;
  }
}
