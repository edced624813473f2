import { createHash } from "node:crypto";
import { asBuffer, unwrap } from "@wayward/base";
import { digestOf, parseEnvelope } from "@wayward/block";
import type { BusMessage } from "@wayward/bus";
import { parseSessionText } from "@wayward/record";
import { partitionKeys } from "@wayward/store";
import type { Incoming } from "./core/types.ts";

/** Takes a message apart; one whose block is damaged or another session's is unreadable. */
export function toIncoming(message: BusMessage, partition: number): Incoming {
  const { address, body } = message;
  const id = asBuffer(unwrap(parseSessionText(address.session)));
  const parsed = parseEnvelope(body);
  const readable = parsed.error === undefined && id.equals(parsed.value.header.session);
  const envelope = readable ? parsed.value : undefined;
  const sum = envelope === undefined ? createHash("sha256").update(body).digest().subarray(0, 16) : digestOf(envelope);
  const digest = sum.toString("hex");
  const seq = envelope?.header.seq ?? 0n;
  const key = partitionKeys(address.tenant, partition).deadLetter(address.session, seq, digest);
  return { session: address.session, id, seq, digest, envelope, bytes: body, deadLetterKey: key };
}
