import type { ReportedFinding } from "@wayward/analysis";
import { formatWall } from "@wayward/base";

/** A place in the code that a finding tells of in its detail. */
export interface Site {
  readonly function: string;
  readonly file: string;
  /** From 1; 0 where it is not known. */
  readonly line: number;
  /** Innermost first, as text. */
  readonly stack: readonly string[];
  /** Name of the lane that was there. */
  readonly lane: string;
  /** Its session's id; empty where the finding is about one session only. */
  readonly session: string;
  /** When, for a person: a wall time, or the time since the session's start; empty where it is not told. */
  readonly when: string;
}

/** `to` was taken while `from` was held. */
export interface CycleEdge {
  readonly from: string;
  readonly to: string;
  readonly held: Site;
  readonly taken: Site;
  /** How often this order was seen; undefined or 0 where that is not known. */
  readonly count: number | undefined;
}

/** The edges of the cycle that an inversion closes, each ending where the next begins; empty for other findings. */
export function cycleOf({ detail }: Pick<ReportedFinding, "detail">): CycleEdge[] {
  return Array.isArray(detail.cycle) ? detail.cycle.map(edgeOf) : [];
}

/** Every place that a finding names, the deciding one first. */
export function sitesOf(finding: Pick<ReportedFinding, "detail">): Site[] {
  const cycle = cycleOf(finding);
  return cycle.flatMap(({ held, taken }) => [taken, held]);
}

/** Who was there, for a person. */
export function laneName({ lane, session }: Site): string {
  return session === "" ? lane : `${lane} of session ${session}`;
}

/** Function and file for a person; empty where neither is known. */
export function siteName({ function: name, file, line }: Site): string {
  const place = file === "" ? "" : line > 0 ? `${file}:${line}` : file;
  if (name === "" || place === "") return name || place;
  return `${name} (${place})`;
}

function edgeOf(value: unknown): CycleEdge {
  const { from, to, held, taken, count } = fieldsOf(value);
  return { from: text(from), to: text(to), held: siteOf(held), taken: siteOf(taken), count: number(count) };
}

function siteOf(value: unknown): Site {
  const { function: name, file, line, stack, lane, session, time, wall } = fieldsOf(value);
  return {
    function: text(name),
    file: text(file),
    line: number(line) ?? 0,
    stack: Array.isArray(stack) ? stack.map(text) : [],
    lane: text(lane),
    session: text(session),
    when: whenOf(number(time), text(wall)),
  };
}

/** `time` in nanoseconds since the session's start, `wall` since 1970 as decimal text. */
function whenOf(time: number | undefined, wall: string): string {
  if (/^\d+$/.test(wall)) return formatWall(BigInt(wall));
  return time === undefined ? "" : `${(time / 1e9).toFixed(6)} s after the session's start`;
}

/** Details come over the wire: nothing is sure of them. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}
