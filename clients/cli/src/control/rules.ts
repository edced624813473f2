import { WaywardError } from "@wayward/base";
import { type ControlRule, parseSessionText } from "@wayward/record";

/** Whom a rule is for; all, where it says nothing. */
export interface RuleAddress {
  /** Name of sessions. */
  readonly name?: string | undefined;
  /** A session's id as text. */
  readonly session?: string | undefined;
}

/** The rules with this one at the end, where it wins; in place of one for the same `subject` and address. */
export function withRule(rules: readonly ControlRule[], rule: ControlRule, subject: string): ControlRule[] {
  const same = (other: ControlRule) =>
    other[subject] === rule[subject] && other.name === rule.name && other.session === rule.session;
  return [...rules.filter((other) => !same(other)), rule];
}

/** The rules without those that fit all of what is given; none, where nothing is. */
export function withoutRules(rules: readonly ControlRule[], given: ControlRule): ControlRule[] {
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return rules.filter((rule) => asked.some(([key, value]) => rule[key] !== value));
}

/** Throws INVALID_ARGUMENT where the id is none. */
export function checkAddress({ session }: RuleAddress): void {
  const parsed = session === undefined ? undefined : parseSessionText(session);
  if (parsed?.error !== undefined) throw parsed.error;
}

/** Whole milliseconds of an option in seconds, from 0 to an hour. */
export function waitMs(text: string): number {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (seconds >= 0 && seconds <= 3600) return Math.round(seconds * 1000);
  throw badOption("--wait", text, "seconds from 0 to 3600");
}

export function badOption(option: string, got: string, wanted: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `${option} is "${got.slice(0, 80)}", not ${wanted}`);
}
