import { block as api } from "@wayward/api";
import { FORMAT, MAGIC, sealEnvelope } from "@wayward/block";

/** A block without records. `summary` is put into it as it is. */
export function emptyBlock(
  session: Uint8Array,
  seq: number,
  { name = "first", summary = Buffer.alloc(0), ends = false } = {},
): Buffer {
  const header = api.BlockHeader.fromPartial({
    magic: MAGIC,
    format: FORMAT,
    session: Buffer.from(session),
    seq: BigInt(seq),
    summaryLength: summary.length,
    description: api.SessionDescription.fromPartial({ name }),
    ...(ends ? { end: api.EndMark.fromPartial({ lastSeq: BigInt(seq) }) } : {}),
  });
  return sealEnvelope(api.BlockHeader.encode(header).finish(), summary);
}
