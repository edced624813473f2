import { parseAge } from "./selection.ts";

const DAY_MS = 86_400_000;

/** True for a day such as 2027-01-31. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  // A day that a month does not have becomes another one.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/**
 * Whether something that somebody accepted no longer counts: a day (in UTC)
 * counts to its end, a time to that time. What is no time counts no more.
 * `now` in milliseconds since 1970.
 */
export function isExpired(expires: string | undefined, now: number): boolean {
  return expires !== undefined && !(now < endOf(expires));
}

/** Reads a last day, a last time, or from now on how long; undefined where it is none of these. */
export function parseExpiry(text: string, now: number): string | undefined {
  if (isDay(text)) return text;
  const age = parseAge(text);
  const end = age === undefined ? timeOf(text) : now + age;
  // Years beyond four digits have another form, and nobody waits for them.
  if (Number.isNaN(end) || !(Math.abs(end) < Date.UTC(9999, 11, 31))) return undefined;
  return `${new Date(end).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since 1970; NaN where it is no time. */
function endOf(expires: string): number {
  return isDay(expires) ? Date.parse(`${expires}T00:00:00Z`) + DAY_MS : timeOf(expires);
}

function timeOf(text: string): number {
  return /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
}
