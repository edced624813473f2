import { join } from "node:path";
import { parseSessionText } from "@wayward/record";

/*
 * A spool root holds one folder a session, named by its id:
 *   <seq>.block    a serialised Block; written under another name, then linked, so it is whole and replaces no other
 *   description    the session's SessionDescription, for whoever has to end it
 *   owner          who writes here; owner.<n> who took over
 *   accepted       the seq up to which the server has everything, by the pusher
 *   offset         the times of one exchange with the server, by the pusher
 *   losses         blocks that were given up, one JSON object a line, by the pusher
 *   losses.told    bytes of `losses` that the session's own records tell of, by the writer
 *   refused/       blocks that the server can never take
 * and beside them
 *   control        what the server wants of running agents, by the pusher
 */
const DIGITS = 12;
/** Characters of a session's id as text. */
const SESSION_CHARS = 26;

export const DESCRIPTION = "description";
export const ACCEPTED = "accepted";
export const OFFSET = "offset";
export const LOSSES = "losses";
export const LOSSES_TOLD = "losses.told";
export const REFUSED = "refused";
export const CONTROL = "control";

/** Bytes of blocks that a session's spool holds, where nobody says otherwise. */
export const DEFAULT_QUOTA_BYTES = 256 * 1024 * 1024;

export function blockFile(folder: string, seq: bigint): string {
  return join(folder, `${String(seq).padStart(DIGITS, "0")}.block`);
}

/** The block's number, or undefined for other files. */
export function seqOf(name: string): bigint | undefined {
  const match = /^(\d{12,20})\.block$/.exec(name);
  return match?.[1] === undefined ? undefined : BigInt(match[1]);
}

export function isSessionFolder(name: string): boolean {
  // Asked of every file that changes in a spool: an error with its stack is not made for each.
  return name.length === SESSION_CHARS && parseSessionText(name).error === undefined;
}
