import type { Dictionary } from "@wayward/block";
import type { Severity } from "@wayward/record";
import type { Batch } from "../batch.ts";
import type { Finding, SiteText } from "../finding.ts";
import { RULES, type RuleId } from "../rules.ts";
import { isUnsure } from "./session.ts";
import type { Lane, Lock, LockSession, Place } from "./state.ts";

/** One session's state with the record at hand. */
export interface Run {
  readonly session: LockSession;
  /** Everything that the session has defined so far. */
  readonly dictionary: Dictionary;
  batch: Batch;
  /** Place in the block of the record at hand, and its lane and time. */
  index: number;
  lane: Lane;
  time: number;
}

/** The record at hand. */
export function here({ batch, index, lane, time }: Run): Place {
  return { lane: lane.id, eventNo: batch.eventNo(index), time, site: batch.site(index), stack: batch.stack(index) };
}

/** A place in the code as text. */
export function siteText(
  { dictionary }: Pick<Run, "dictionary">,
  { site, stack }: Pick<Place, "site" | "stack">,
): SiteText {
  const known = site === 0 ? undefined : dictionary.site(site);
  return {
    function: known?.function ?? "",
    file: known?.file ?? "",
    line: known?.line ?? 0,
    stack: stack === 0 ? [] : dictionary.stack(stack),
  };
}

/** Findings of one session; further ones are counted only. */
const FINDINGS_MAX = 10_000;
/** Records that one finding lists. */
const EVIDENCE_MAX = 64;

export interface Concern {
  readonly locks: readonly Lock[];
  /** Names where something else than locks is meant. */
  readonly names?: readonly string[];
  /** Classes where they are not those of the locks. */
  readonly classes?: readonly string[];
  readonly message: string;
  /** The deciding record last. */
  readonly evidence: readonly Place[];
  readonly severity?: Severity | undefined;
  /** The verdict rests on a hold whose end may be in a hole: true for that of the first lock, or the name of what was held. */
  readonly unsure?: boolean | string | undefined;
  /** What else could change the verdict; empty or undefined where nothing could. */
  readonly doubt?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** What a report needs: a session, and the time it is in it. */
export type Told = Pick<Run, "session" | "dictionary" | "time">;

/** Notes what a rule has found; what was found before counts up. */
export function report(run: Told, rule: RuleId, concern: Concern): Finding | undefined {
  const { session } = run;
  session.reports++;
  const { locks, evidence } = concern;
  const classes = [...new Set(concern.classes ?? locks.map(({ base }) => base.name))];
  const functions = [...new Set(evidence.map((place) => siteText(run, place).function).filter((name) => name !== ""))];
  const key = [rule, ...classes.toSorted(), "", ...functions.toSorted()].join("\n");
  const ids = evidence.map(({ lane, eventNo }) => ({ lane, eventNo }));
  const unproven = unprovenBy(run, rule, concern);
  const known = session.findings.get(key);
  if (known !== undefined) {
    known.count++;
    known.last = run.time;
    // One occurrence that no hole can change proves it.
    if (unproven === "") prove(session, known, run.time);
    for (const id of ids) if (known.evidence.length < EVIDENCE_MAX && !has(known.evidence, id)) known.evidence.push(id);
    return known;
  }
  if (session.findings.size >= FINDINGS_MAX) {
    session.leftOut.set("findings", (session.leftOut.get("findings") ?? 0) + 1);
    return undefined;
  }
  const made: Finding = {
    rule,
    severity: concern.severity ?? RULES[rule].severity,
    message: concern.message,
    locks: [...new Set(concern.names ?? locks.map(({ name }) => name))],
    classes,
    functions,
    evidence: ids.slice(-EVIDENCE_MAX),
    count: 1,
    first: run.time,
    last: run.time,
    unproven,
    provenAt: undefined,
    detail: concern.detail ?? {},
  };
  if (unproven === "") prove(session, made, run.time);
  session.findings.set(key, made);
  return made;
}

function has(evidence: Finding["evidence"], { lane, eventNo }: Finding["evidence"][number]): boolean {
  return evidence.some((id) => id.lane === lane && id.eventNo === eventNo);
}

/** No hole that is known could change this. */
export function prove(session: LockSession, finding: Finding, time: number): void {
  finding.unproven = "";
  finding.provenAt ??= time;
  if (time > session.lastProof) session.lastProof = time;
}

/** Families of rules that rest on what lanes did before: contexts entered, tickets begun. Nothing brings that back after a hole. */
const BY_HISTORY = /^(context|wait-type|nest|ww)\b/;

function unprovenBy(run: Told, rule: RuleId, { locks, names = [], unsure, doubt = "", evidence }: Concern): string {
  const { session, dictionary } = run;
  const partial = locks.find(({ base }) => base.partial);
  if (partial !== undefined) return `not all records of ${partial.base.name} are kept: its tracing was switched`;
  const flows = flowsText(session, dictionary, evidence);
  if (flows !== "") return flows;
  const isDoubted = session.doubt || (session.holes > 0 && BY_HISTORY.test(rule));
  const [subject = "it"] = [...locks.map(({ name }) => name), ...names];
  if (typeof unsure === "string") return hiddenText(unsure);
  if (unsure || isDoubted) return hiddenText(subject);
  const hidden = locks.find((lock) => isUnsure(session, lock));
  return hidden === undefined ? doubt : hiddenText(hidden.name);
}

/** Why a verdict by these records is unproven, where one of their lanes is an event loop; else empty. */
export function flowsText({ lanes }: LockSession, dictionary: Dictionary, evidence: readonly Place[]): string {
  const loop = evidence.find(({ lane }) => lanes.get(lane)?.loop);
  if (loop === undefined) return "";
  return `${dictionary.name("lane", loop.lane)} runs several flows of code at a time, which only tasks tell apart`;
}

/** Why a verdict about this is unproven. */
export function hiddenText(subject: string): string {
  return `records are missing that may tell of ${subject}`;
}
