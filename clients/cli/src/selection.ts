import { WaywardError } from "@wayward/base";
import type { Selection } from "@wayward/client";

/** The selection options as commander gives them. */
export interface SelectionOptions {
  readonly session?: string[];
  readonly run?: string[];
  readonly name?: string[];
  readonly host?: string[];
  readonly label?: string[];
  readonly from?: string;
  readonly until?: string;
  readonly kind?: string[];
  readonly lane?: string[];
  readonly where?: string;
  readonly text?: string;
}

/** Throws INVALID_ARGUMENT where a value cannot be read. */
export function selectionOf(options: SelectionOptions, nowMs = Date.now()): Selection {
  const from = options.from === undefined ? undefined : parseTime("--from", options.from, nowMs);
  const until = options.until === undefined ? undefined : parseTime("--until", options.until, nowMs);
  if (from !== undefined && until !== undefined && from >= until) {
    throw usage("--from", options.from ?? "", `before --until "${options.until}"`);
  }
  return {
    sessions: options.session,
    runs: options.run,
    names: options.name,
    hosts: options.host,
    labels: parseLabels(options.label ?? []),
    from,
    until,
    kinds: options.kind,
    lanes: options.lane,
    where: options.where,
    text: options.text,
  };
}

/**
 * How an answer should travel. Whole blocks take half the time of rows where
 * all of a block is wanted, and are wasted where a few of its records are.
 */
export function formOf({ kind, lane, where, text }: SelectionOptions, limit?: number): "rows" | "blocks" {
  const few = limit !== undefined || [kind, lane, where, text].some((option) => option !== undefined);
  return few ? "rows" : "blocks";
}

/** `key=value` pairs. */
export function parseLabels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw usage("--label", pair, "key=value");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** Milliseconds of an age such as `5m`; undefined where it is none. */
export function parseAge(text: string): number | undefined {
  const age = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return age === null ? undefined : Number(age[1]) * UNIT_MS[age[2] ?? ""]!;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** A day, with a time or without: what Date.parse takes beside that means something else on each platform. */
const ISO_TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Nanoseconds since 1970 from ISO 8601, or from an age such as `5m`. */
export function parseTime(option: string, text: string, nowMs: number): bigint {
  const age = parseAge(text);
  if (age !== undefined) return BigInt(Math.round(nowMs - age)) * 1_000_000n;
  const fraction = /^(.*T\d\d:\d\d:\d\d)\.(\d{1,9})(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!ISO_TIME.test(text)) throw usage(option, text, "an ISO 8601 time or an age such as 5m");
  const ms = Date.parse(fraction === null ? text : `${fraction[1]}${fraction[3]}`);
  if (Number.isNaN(ms)) throw usage(option, text, "an ISO 8601 time or an age such as 5m");
  return BigInt(ms) * 1_000_000n + BigInt((fraction?.[2] ?? "0").padEnd(9, "0"));
}

/** A whole number from `least` on. */
export function parseCount(option: string, text: string, least = 1): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw usage(option, text, `a whole number from ${least} on`);
}

function usage(option: string, got: string, wanted: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", `${option} is "${got.slice(0, 80)}", not ${wanted}`);
}
