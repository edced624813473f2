import { type Bus, partitionOf } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import type { Rows } from "./duck.ts";
import { RecordedMix } from "./records.ts";

const SESSIONS = 4;
const RECORDS_A_BLOCK = 25_000;
/** Blocks unanswered at a time. */
const WINDOW = 64;

/** Parquet as small as DuckDB makes it without sorting. */
export const PARQUET = "FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, COMPRESSION_LEVEL 3";

/** The same records as blocks and as rows. */
export interface Dataset {
  readonly sessions: readonly Uint8Array[];
  /** As they would arrive: sessions in turn. */
  readonly blocks: readonly { readonly session: Uint8Array; readonly bytes: Buffer }[];
  /** In blocks' order, session after session. */
  readonly rows: readonly Rows[];
  readonly records: number;
}

/** About so many seeded records of four sessions. */
export function makeDataset(records: number, firstSeed: number): Dataset {
  const mixes = Array.from({ length: SESSIONS }, (_, seed) => new RecordedMix(firstSeed + seed, RECORDS_A_BLOCK + 8));
  const blocks: { readonly session: Uint8Array; readonly bytes: Buffer }[] = [];
  const rows: Rows[][] = mixes.map(() => []);
  let made = 0;
  for (let turn = 0; made < records; turn = (turn + 1) % SESSIONS) {
    const block = mixes[turn]!.block(RECORDS_A_BLOCK);
    blocks.push({ session: mixes[turn]!.mix.session, bytes: block.bytes });
    rows[turn]!.push(block.rows);
    made += block.rows.count;
  }
  return { sessions: mixes.map(({ mix }) => mix.session), blocks, rows: rows.flat(), records: made };
}

/** Publishes all blocks, and waits until they are in the archive. */
export async function publishAll(bus: Bus, { blocks }: Dataset, tenant: string): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let block = blocks[next++]; block !== undefined; block = blocks[next++]) {
      const { session, bytes } = block;
      await bus.publish(partitionOf(session, bus.partitions), { tenant, session: sessionText(session) }, bytes);
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, lane));
  await drained(bus);
}

/** Waits until the archiver has taken everything from the bus. */
export async function drained(bus: Bus): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const bounds = await Promise.all(Array.from({ length: bus.partitions }, (_, partition) => bus.bounds(partition)));
    if (bounds.every(({ first, last }) => first > last)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the archiver did not take everything within a minute");
}
