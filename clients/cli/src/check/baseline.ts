import type { ReportedFinding } from "@wayward/analysis";
import { WaywardError } from "@wayward/base";

/** A finding that somebody has accepted. */
export interface BaselineEntry {
  readonly rule: string;
  /** 32 hex digits. */
  readonly fingerprint: string;
  /** Title and locks tell a reader of the file what it is; they decide nothing. */
  readonly title: string;
  readonly locks: readonly string[];
  /** Why it is accepted; empty until somebody says. */
  readonly reason: string;
  /** Last day on which it is accepted, as YYYY-MM-DD in UTC. */
  readonly expires?: string;
}

type Entries = readonly BaselineEntry[];

/** Accepted until its last day is over. `now` in milliseconds since 1970. */
export function isExpired({ expires }: BaselineEntry, now: number): boolean {
  return expires !== undefined && now >= Date.parse(`${expires}T00:00:00Z`) + DAY_MS;
}

const DAY_MS = 86_400_000;

/** What makes a finding the same one wherever it is seen. */
export function identityOf({ rule, fingerprint }: Pick<BaselineEntry, "rule" | "fingerprint">): string {
  return `${rule} ${fingerprint}`;
}

/** The present findings as a baseline; what `known` says of one stays: its reason, and until when it is accepted. */
export function baselineOf(findings: Iterable<ReportedFinding>, known: Entries): BaselineEntry[] {
  const before = new Map(known.map((entry) => [identityOf(entry), entry]));
  const entries = [...findings].map((finding) => {
    const { rule, fingerprint, title, locks } = finding;
    const { reason = "", expires } = before.get(identityOf(finding)) ?? {};
    return { rule, fingerprint, title, locks, reason, ...(expires === undefined ? {} : { expires }) };
  });
  return entries.sort((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1));
}

/** The file's text: sorted, one entry a finding, so that a change of it reads as what has changed. */
export function formatBaseline(entries: Entries): string {
  return `${JSON.stringify({ version: VERSION, findings: entries }, null, 2)}\n`;
}

const VERSION = 1;

/** Reads a baseline. Throws INVALID_ARGUMENT / BAD_BASELINE that names file, entry and problem. */
export function parseBaseline(text: string, file: string): BaselineEntry[] {
  const inFile: Where = (problem) => bad(`${file}: ${problem}`);
  const { version, findings, ...others } = record(parseJson(text, inFile), inFile);
  for (const key of Object.keys(others)) throw inFile(`no key is called "${key}"`);
  if (version !== VERSION) throw inFile(`version is ${shown(version)}, known is ${VERSION}`);
  if (!Array.isArray(findings)) throw inFile(`findings is ${shown(findings)}, not a list`);
  const seen = new Map<string, number>();
  return findings.map((value: unknown, index) => {
    const here: Where = (problem) => inFile(`entry ${index + 1}${nameOf(value)}: ${problem}`);
    const entry = parseEntry(record(value, here), here);
    const first = seen.get(identityOf(entry));
    if (first !== undefined) throw here(`it is entry ${first} again`);
    seen.set(identityOf(entry), index + 1);
    return entry;
  });
}

/** Where something is wrong. */
type Where = (problem: string) => WaywardError;

interface Check {
  readonly fits: (value: unknown) => boolean;
  readonly wanted: string;
}

const isText = (value: unknown) => typeof value === "string";
const isTextList = (value: unknown) => Array.isArray(value) && value.every(isText);
const isDate = (value: unknown) => {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  // A day that a month does not have becomes another one.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
};

const CHECKS: Readonly<Record<keyof BaselineEntry, Check>> = {
  rule: { fits: (value) => isText(value) && value !== "", wanted: "the id of a rule" },
  fingerprint: { fits: (value) => isText(value) && /^[0-9a-f]{32}$/.test(value as string), wanted: "32 hex digits" },
  title: { fits: isText, wanted: "a text" },
  locks: { fits: isTextList, wanted: "a list of names" },
  reason: { fits: isText, wanted: "a text" },
  expires: { fits: (value) => value === undefined || isDate(value), wanted: "a date such as 2027-01-31" },
};

function parseEntry(values: Readonly<Record<string, unknown>>, where: Where): BaselineEntry {
  for (const key of Object.keys(values)) {
    if (!Object.hasOwn(CHECKS, key)) throw where(`no key is called "${key}"`);
  }
  for (const [key, { fits, wanted }] of Object.entries(CHECKS)) {
    if (!fits(values[key])) throw where(`${key} is ${shown(values[key])}, not ${wanted}`);
  }
  return values as unknown as BaselineEntry;
}

function parseJson(text: string, where: Where): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw where(`not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function record(value: unknown, where: Where): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw where(`${shown(value)} is no object`);
}

/** The rule that an entry names, as far as it does. */
function nameOf(value: unknown): string {
  const named = typeof value === "object" && value !== null && "rule" in value && typeof value.rule === "string";
  return named ? ` (${String((value as { rule: string }).rule).slice(0, 80)})` : "";
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 120);
}

function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_BASELINE", message);
}
