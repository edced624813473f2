import type { selection } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";
import { countText } from "./count.ts";
import { gapCause } from "./message.ts";

/** What was printed of an answer's records. */
export interface PrintedPart {
  readonly records: number;
  /** As text. */
  readonly sessions: ReadonlySet<string>;
  /** More records follow those that were printed. */
  readonly more: boolean;
}

/**
 * What an answer rests on, as sentences for stderr: always one, and one for
 * each gap. Where only a part was printed, gaps of sessions that it has
 * nothing of are counted.
 */
export function coverageLines(coverage: selection.Coverage, part?: PrintedPart): string {
  const { records, sessions, gaps, gapsLeftOut, complete } = coverage;
  if (sessions === 0n) return "no session matches\n";
  const listed = gaps.filter(({ session }) => part === undefined || touches(part, session));
  const others = BigInt(gaps.length - listed.length) + gapsLeftOut;
  const end = complete ? "complete" : gaps.length > 0 ? "with gaps" : "not all sessions have ended";
  const lines = [
    part?.more
      ? `first ${countText(BigInt(part.records), "record")} of ${countText(sessions, "session")}, more follow`
      : `${countText(records, "record")} of ${countText(sessions, "session")}, ${end}`,
  ];
  for (const gap of listed) lines.push(`  gap ${gapText(gap)}`);
  if (others > 0n) {
    const what = listed.length === 0 ? countText(others, "gap") : `and ${countText(others, "more gap")}`;
    lines.push(`  ${what}${listed.length === gaps.length ? "" : " in sessions of which nothing is shown"}`);
  }
  return `${lines.join("\n")}\n`;
}

function touches({ sessions }: PrintedPart, session: Uint8Array): boolean {
  return session.length !== 16 || sessions.has(sessionText(session));
}

/** Throws NOT_FOUND / NO_SESSION where sessions were named by id and none is there. */
export function expectSessions(coverage: selection.Coverage | undefined, named: readonly string[] | undefined): void {
  if (named === undefined || coverage?.sessions !== 0n) return;
  const which = named.length === 1 ? `session ${named[0]} is` : `the ${named.length} sessions are`;
  throw new WaywardError("NOT_FOUND", "NO_SESSION", `${which} not here; \`wayward sessions\` lists those that are`);
}

export function gapText(gap: selection.Gap): string {
  const session = gap.session.length === 16 ? ` in ${sessionText(gap.session)}` : "";
  return `${gapCause(gap)}${session}${gap.message === "" ? "" : `: ${gap.message}`}`;
}
