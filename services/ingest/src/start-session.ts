import type { ingest } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { LIMITS } from "@wayward/block";
import { isForAgents } from "@wayward/record";
import { descriptionProblem } from "./core/description.ts";
import { wallNow } from "./wall.ts";

/** Checks a session against the limits, and tells the server's time and settings. Writes nothing. */
export function startSession(
  { session, description }: ingest.StartSessionRequest,
  control: ingest.Control[],
): ingest.StartSessionResponse {
  const problem =
    session.length === 16
      ? description && descriptionProblem(description)
      : `session has ${session.length} bytes, not 16`;
  if (problem !== undefined) throw new WaywardError("INVALID_ARGUMENT", "BAD_SESSION", problem);
  const told = control.filter(({ topic }) => isForAgents(topic));
  return { serverTime: wallNow(), blockBytesMax: LIMITS.blockBytes, control: told };
}
