export { type EncodedCheckpoint, encodeCheckpoint, forgetCheckpoint, noteCheckpoint } from "./checkpoint.ts";
export { blockAt, decodeFooter, footerLength } from "./decode.ts";
export { type DeleteOptions, deleteSession, type EntryWriter } from "./delete.ts";
export { CHUNK_FORMAT, CHUNK_MAGIC, type EncodedChunk, encodeChunk, TRAILER_BYTES } from "./encode.ts";
export { catchUp, entryKey, loadPartition, newestCheckpoint, type ObjectReader } from "./load.ts";
export { decodeEntry, encodeEntry, entryHash, type LogAction } from "./log.ts";
export { RangeSet } from "./ranges.ts";
export { type ArchivedSession, applyEntry, PartitionState } from "./state.ts";
export { hasReadableSummary } from "./summary.ts";
