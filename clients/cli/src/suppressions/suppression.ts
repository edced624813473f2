import { RULES } from "@wayward/analysis";
import { type ControlRule, SUPPRESSIONS_TOPIC } from "@wayward/record";
import { badOption } from "../control/rules.ts";
import { isExpired, parseExpiry } from "../expiry.ts";

/** A finding that somebody has accepted for everybody who asks this server. */
export interface Suppression {
  /** 32 hex digits. */
  readonly fingerprint: string;
  /** Why it is accepted. */
  readonly reason: string;
  /** The only rule that it is about; a fingerprint is one rule's anyway. */
  readonly rule?: string;
  /** Last day in UTC, or the time from which it no longer counts; without it for ever. */
  readonly expires?: string;
  /** Who accepted it. */
  readonly by?: string;
}

/** Longest texts, in characters: with them a topic still holds its share of 500 suppressions. */
const REASON_MOST = 120;
const BY_MOST = 40;

const FINGERPRINT = /^[0-9a-f]{32}$/;

/** Topic that a finding's suppression is kept in. */
export function topicOf(fingerprint: string): string {
  return `${SUPPRESSIONS_TOPIC}${fingerprint[0]}`;
}

/** Reads what a topic holds; undefined where it is no suppression, for such must not hide a finding. */
export function readSuppression(rule: ControlRule): Suppression | undefined {
  const { fingerprint, reason } = rule;
  if (typeof fingerprint !== "string" || !FINGERPRINT.test(fingerprint)) return undefined;
  if (typeof reason !== "string" || reason === "") return undefined;
  const others = [rule.rule, rule.expires, rule.by];
  if (others.some((value) => value !== undefined && typeof value !== "string")) return undefined;
  return rule as unknown as Suppression;
}

/** The fingerprint that a command was given. Throws BAD_OPTION. */
export function parseFingerprint(text: string): string {
  if (FINGERPRINT.test(text)) return text;
  throw badOption("the fingerprint", text, "32 hex digits as `wayward findings` shows them");
}

/** What `wayward findings suppress` may be given beside the fingerprint. */
export interface SuppressionOptions {
  readonly reason?: string;
  readonly rule?: string;
  readonly expires?: string;
  readonly by?: string;
}

/** Reads a suppression as a person gives it; `now` in milliseconds since 1970. Throws BAD_OPTION. */
export function parseSuppression(fingerprint: string, options: SuppressionOptions, now: number): Suppression {
  const { rule, expires, by } = options;
  parseFingerprint(fingerprint);
  const reason = options.reason?.trim() ?? "";
  if (reason === "" || reason.length > REASON_MOST) {
    throw badOption("--reason", reason, `a text of 1 to ${REASON_MOST} characters`);
  }
  if (rule !== undefined && !Object.hasOwn(RULES, rule)) {
    throw badOption("--rule", rule, "a rule such as order.inversion");
  }
  if (by !== undefined && (by === "" || by.length > BY_MOST)) {
    throw badOption("--by", by, `a name of 1 to ${BY_MOST} characters`);
  }
  return {
    fingerprint,
    ...(rule === undefined ? {} : { rule }),
    reason,
    ...(expires === undefined ? {} : { expires: futureOf(expires, now) }),
    ...(by === undefined ? {} : { by }),
  };
}

function futureOf(text: string, now: number): string {
  const expires = parseExpiry(text, now);
  if (expires === undefined) {
    throw badOption("--expires", text, "a day such as 2027-01-31, an ISO 8601 time, or how long, such as 30d");
  }
  if (isExpired(expires, now)) throw badOption("--expires", text, "in the future");
  return expires;
}
