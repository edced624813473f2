import type { selection } from "@wayward/api";
import { sessionText } from "@wayward/record";

/** What an answer rests on, as sentences for stderr: always one, and one for each gap. */
export function coverageLines(coverage: selection.Coverage): string {
  const { records, sessions, gaps, gapsLeftOut, complete } = coverage;
  const end = complete ? "complete" : gaps.length > 0 ? "with gaps" : "not all sessions have ended";
  const lines = [`${count(records, "record")} of ${count(sessions, "session")}, ${end}`];
  for (const gap of gaps) lines.push(`  gap ${gapText(gap)}`);
  if (gapsLeftOut > 0n) lines.push(`  and ${gapsLeftOut} more gaps`);
  return `${lines.join("\n")}\n`;
}

const CAUSES = [
  "UNKNOWN",
  "PENDING",
  "NEVER_ARRIVED",
  "POISON",
  "DELETED",
  "EXPIRED",
  "DICTIONARY",
  "UNCLEAN_END",
  "CONFLICT",
  "DROPPED",
  "SLOW_READER",
] as const;

export function gapCause(gap: selection.Gap): string {
  return CAUSES[gap.cause] ?? `CAUSE_${gap.cause}`;
}

export function gapText(gap: selection.Gap): string {
  const session = gap.session.length === 16 ? ` in ${sessionText(gap.session)}` : "";
  return `${gapCause(gap)}${session}${gap.message === "" ? "" : `: ${gap.message}`}`;
}

function count(number: bigint, what: string): string {
  return `${number} ${what}${number === 1n ? "" : "s"}`;
}
