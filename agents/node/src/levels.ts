import { fail, ok, type Result } from "@wayward/base";
import { type Addressee, isFor, readRules, THRESHOLDS, type Threshold } from "@wayward/record";

/** A channel, with those below it, and the least level that it records. */
export interface LevelRule {
  readonly channel: string;
  readonly level: Threshold;
}

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

/** The levels that a control value sets for one session, by channel. What cannot be read counts as no rule. */
export function remoteLevels(value: string, to: Addressee): Map<string, Threshold> {
  const found = new Map<string, Threshold>();
  for (const rule of readRules(value)) {
    const level = THRESHOLDS.find((known) => known === rule.level);
    if (level === undefined || typeof rule.channel !== "string" || rule.channel === "" || !isFor(rule, to)) continue;
    found.set(rule.channel, level);
  }
  return found;
}
