import { archive } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { acceptedChannel, type Bus, partitionOf, type Stored } from "@wayward/bus";
import type { Notes } from "./notes.ts";

/** For tests: stores a block as ingest does. */
export function store(bus: Bus, notes: Notes, block: Buffer): Promise<Stored> {
  const address = { tenant: "default", session: notes.text };
  return bus.publish(partitionOf(notes.id, bus.partitions), address, block);
}

/** For tests: says so, as ingest does. */
export function announce(bus: Bus, notes: Notes, block: Buffer, { busSeq, incarnation }: Stored): void {
  const partition = partitionOf(notes.id, bus.partitions);
  const { header, crc32 } = unwrap(parseEnvelope(block));
  const blocks = [{ busSeq, session: Buffer.from(notes.id), seq: header.seq, crc32 }];
  bus.announce(acceptedChannel(partition), archive.Accepted.encode({ partition, incarnation, blocks }).finish());
}

/** For tests: both, for each block in turn. */
export async function accept(bus: Bus, notes: Notes, blocks: readonly Buffer[]): Promise<void> {
  for (const block of blocks) announce(bus, notes, block, await store(bus, notes, block));
}
