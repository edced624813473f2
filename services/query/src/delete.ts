import { randomBytes } from "node:crypto";
import { archive, type query } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { type Bus, partitionOf, watermarkTopic } from "@wayward/bus";
import { deleteSession } from "@wayward/chunk";
import type { Reader } from "@wayward/reader";
import { sessionText } from "@wayward/record";
import { partitionKeys, type Store } from "@wayward/store";

/** This process, so that it recognises its own log entries. */
const WRITER = randomBytes(16);

export interface DeleteSource {
  readonly store: Store;
  readonly bus: Bus;
  readonly partitions: number;
  readonly tenant: string;
}

/** Deletes for ever, and tells the pushers at once. Throws NO_SESSION, SESSION_OPEN. */
export async function removeSession(
  { store, bus, partitions, tenant }: DeleteSource,
  reader: Reader,
  { session, force }: query.DeleteSessionRequest,
): Promise<bigint> {
  const view = await reader.session(checkId(session));
  const partition = partitionOf(session, partitions);
  const keys = partitionKeys(tenant, partition);
  const now = BigInt(Date.now()) * 1_000_000n;
  const knownElsewhere = view !== undefined && view.tail.size > 0;
  // Its end mark may be on the bus still, where the log does not see it.
  const ended = view?.end !== undefined;
  const options = { keys, session, force: force || ended, writer: WRITER, now, knownElsewhere };
  const n = await deleteSession(store, options);
  const watermark = archive.Watermark.fromPartial({
    session,
    partition,
    incarnation: bus.incarnation(partition),
    deleted: true,
  });
  const topic = watermarkTopic({ tenant, session: sessionText(session) });
  await bus.topics.set(topic, archive.Watermark.encode(watermark).finish());
  return n;
}

/** Error INVALID_ARGUMENT / BAD_SESSION_ID unless it has 16 bytes. */
export function checkId(session: Uint8Array): Uint8Array {
  if (session.length === 16) return session;
  throw new WaywardError("INVALID_ARGUMENT", "BAD_SESSION_ID", `session id has ${session.length} bytes, not 16`);
}
