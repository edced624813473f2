import type { query } from "@wayward/api";

/** EndMark.cause of a session whose writer did not end it itself. */
const UNCLEAN = 1;

/** How a session ended, as a person reads it; empty where all is well, or it has not ended. */
export function endingText({ end }: Pick<query.Session, "end">): string {
  if (end === undefined) return "";
  const exit = /^\d+$/.test(end.exit) ? `exit ${end.exit}` : end.exit;
  if (end.cause !== UNCLEAN) return end.exit === "0" ? "" : exit;
  // A signal says by itself that it was not clean.
  return exit === "" ? "unclean" : /^SIG/.test(exit) ? exit : `${exit}, unclean`;
}
