import { LEVELS, type Level } from "./kinds/log.ts";

/*
 * What running agents are told. A control topic's value is JSON,
 * `{"rules":[…]}`; later rules win. A rule may be addressed by `name` (the
 * session's) and `session` (its id); without either it is for all.
 */

/** Levels of channels: rules `{"channel":"db","level":"warn"}`. */
export const LEVELS_TOPIC = "control/levels";

/** How much of locks is recorded: rules `{"class":"db*","trace":"sampled","oneIn":100}`. */
export const LOCKS_TOPIC = "control/locks";

/** Of how many acquisitions one is recorded where they are sampled: the default and the most. */
export const ONE_IN = { fallback: 100, most: 1_000_000_000 } as const;

/** The least level that a channel records; `off` records nothing. */
export type Threshold = Level | "off";

export const THRESHOLDS: readonly Threshold[] = [...LEVELS, "off"];

/** One rule as somebody wrote it; what it lacks or has wrong is its reader's to judge. */
export type ControlRule = Readonly<Record<string, unknown>>;

/** Who asks whether a rule is meant for it. */
export interface Addressee {
  /** The session's name. */
  readonly name: string;
  /** The session's id as text. */
  readonly session: string;
}

/** The rules of a control value; none where it cannot be read. */
export function readRules(value: string): ControlRule[] {
  try {
    const { rules } = JSON.parse(value) as { readonly rules?: unknown };
    return Array.isArray(rules) ? rules.filter((rule) => typeof rule === "object" && rule !== null) : [];
  } catch {
    return [];
  }
}

export function isFor(rule: ControlRule, { name, session }: Addressee): boolean {
  return (rule.name === undefined || rule.name === name) && (rule.session === undefined || rule.session === session);
}
