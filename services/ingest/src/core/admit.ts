import { block as blockApi, ingest } from "@wayward/api";
import { type Envelope, LIMITS, parseEnvelope } from "@wayward/block";
import { descriptionProblem } from "./description.ts";

/** What becomes of a block that was pushed. */
export type Admission =
  | { readonly type: "accept"; readonly envelope: Envelope }
  | { readonly type: "refuse"; readonly refused: ingest.Refused };

/** Reasons of a refusal on the wire, by those of the block's own check. */
const REASONS: Readonly<Record<string, ingest.Reason>> = {
  BAD_CRC: ingest.Reason.REASON_BAD_CRC,
  BAD_ENVELOPE: ingest.Reason.REASON_BAD_HEADER,
  BAD_HEADER: ingest.Reason.REASON_BAD_HEADER,
  TOO_LARGE: ingest.Reason.REASON_TOO_LARGE,
  UNKNOWN_VERSION: ingest.Reason.REASON_UNKNOWN_VERSION,
  UNKNOWN_CODEC: ingest.Reason.REASON_UNKNOWN_VERSION,
};

/** Checks all that can be checked without opening the block's records. */
export function admit(bytes: Uint8Array, isDeleted: (session: Uint8Array) => boolean): Admission {
  const parsed = parseEnvelope(bytes);
  if (parsed.error !== undefined) {
    const reason = REASONS[parsed.error.reason] ?? ingest.Reason.REASON_BAD_HEADER;
    return refuse(identityOf(bytes), reason, parsed.error.message);
  }
  const { header } = parsed.value;
  const problem = header.description && descriptionProblem(header.description);
  if (problem !== undefined) return refuse(header, ingest.Reason.REASON_BAD_HEADER, `block: ${problem}`);
  if (isDeleted(header.session)) return refuse(header, ingest.Reason.REASON_DELETED, "the session was deleted");
  return { type: "accept", envelope: parsed.value };
}

interface Identity {
  readonly session: Uint8Array;
  readonly seq: bigint;
}

function refuse({ session, seq }: Identity, reason: ingest.Reason, message: string): Admission {
  return { type: "refuse", refused: { session: Buffer.from(session), seq, reason, message } };
}

/** Whose block a damaged one claims to be, so that its pusher can set it aside; nothing else is decided by it. */
function identityOf(bytes: Uint8Array): Identity {
  const nobody = { session: new Uint8Array(0), seq: 0n };
  try {
    const { header } = blockApi.Block.decode(bytes.subarray(0, LIMITS.blockBytes));
    const { session, seq } = blockApi.BlockHeader.decode(header);
    return session.length === 16 ? { session, seq } : nobody;
  } catch {
    return nobody;
  }
}
