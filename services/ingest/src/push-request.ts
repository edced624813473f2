import { ingest } from "@wayward/api";

const BLOCK_TAG = 0x0a;
const SENT_TAG = 0x11;

/**
 * Reads a PushRequest without copying its block: the bytes are a view of the
 * message, which belongs to nobody else. What is not the usual two fields in
 * their order goes the general way.
 */
export function readPushRequest(message: Buffer): ingest.PushRequest {
  if (message[0] !== BLOCK_TAG) return ingest.PushRequest.decode(message);
  let length = 0;
  let at = 1;
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = message[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = at + length;
  const rest = message.length - end;
  if (rest !== 0 && !(rest === 9 && message[end] === SENT_TAG)) return ingest.PushRequest.decode(message);
  return { block: message.subarray(at, end), sent: rest === 0 ? 0n : message.readBigUInt64LE(end + 1) };
}
