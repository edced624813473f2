import { crc32 } from "node:zlib";

/** The partition of a session: crc32 of its 16 bytes, modulo the number of partitions. */
export function partitionOf(session: Uint8Array, partitions: number): number {
  return crc32(session) % partitions;
}
