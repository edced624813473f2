import { fail, ok, type Result } from "@wayward/base";
import { LEVELS, type Level } from "@wayward/record";

/** The least level that is recorded; `off` records nothing. */
export type Threshold = Level | "off";

/** A channel, with those below it, and the least level that it records. */
export interface LevelRule {
  readonly channel: string;
  readonly level: Threshold;
}

export const THRESHOLDS: readonly Threshold[] = [...LEVELS, "off"];

/** Reads `db=warn,http=off`. Error INVALID_ARGUMENT / BAD_OPTION. */
export function parseLevels(text: string): Result<LevelRule[]> {
  const rules: LevelRule[] = [];
  for (const pair of text.split(",").filter(Boolean)) {
    const at = pair.lastIndexOf("=");
    const channel = pair.slice(0, at).trim();
    const level = THRESHOLDS.find((known) => known === pair.slice(at + 1).trim());
    if (at < 1 || level === undefined) {
      return fail("INVALID_ARGUMENT", "BAD_OPTION", `levels has "${pair.slice(0, 80)}", not channel=level`);
    }
    rules.push({ channel, level });
  }
  return ok(rules);
}

/** The control topic that holds levels: `{"rules":[{"channel":"db","level":"warn","name":"shop"}]}`. */
export const LEVELS_TOPIC = "control/levels";

/** Who asks whether a rule is meant for it. */
export interface Addressee {
  /** The session's name. */
  readonly name: string;
  /** The session's id as text. */
  readonly session: string;
}

/**
 * The levels that a control value sets for one session, by channel. A rule
 * without `name` and `session` is for all; later rules win. What cannot be
 * read counts as no rule.
 */
export function remoteLevels(value: string, { name, session }: Addressee): Map<string, Threshold> {
  const found = new Map<string, Threshold>();
  for (const rule of readRules(value)) {
    if (rule.name !== undefined && rule.name !== name) continue;
    if (rule.session !== undefined && rule.session !== session) continue;
    const level = THRESHOLDS.find((known) => known === rule.level);
    if (typeof rule.channel === "string" && rule.channel !== "" && level !== undefined) found.set(rule.channel, level);
  }
  return found;
}

function readRules(value: string): Readonly<Record<string, unknown>>[] {
  try {
    const { rules } = JSON.parse(value) as { readonly rules?: unknown };
    return Array.isArray(rules) ? rules.filter((rule) => typeof rule === "object" && rule !== null) : [];
  } catch {
    return [];
  }
}
