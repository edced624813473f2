import { LEVELS, type Level } from "./kinds/log.ts";

/*
 * What running agents are told, and what readers of findings are. A control
 * topic's value is JSON, `{"rules":[…]}`; later rules win. A rule for agents
 * may be addressed by `name` (the session's) and `session` (its id); without
 * either it is for all.
 */

/** The largest value of a control topic, in bytes: every agent holds those that it is told. */
export const CONTROL_BYTES_MAX = 16 * 1024;

/** Levels of channels: rules `{"channel":"db","level":"warn"}`. */
export const LEVELS_TOPIC = "control/levels";

/** How much of locks is recorded: rules `{"class":"db*","trace":"sampled","oneIn":100}`. */
export const LOCKS_TOPIC = "control/locks";

/**
 * Findings that readers leave out, a topic for each first digit of their
 * fingerprints: rules `{"fingerprint":"…","reason":"…","expires":"2027-01-31"}`.
 * Fingerprints are digests, so the topics fill evenly.
 */
export const SUPPRESSIONS_TOPIC = "control/suppressions-";

/** Whether running agents are told what a topic says; they have no use for what is about findings. */
export function isForAgents(topic: string): boolean {
  return !topic.startsWith(SUPPRESSIONS_TOPIC);
}

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
