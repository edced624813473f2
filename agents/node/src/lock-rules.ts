import { fail, ok, type Result } from "@wayward/base";
import {
  type Addressee,
  type ControlRule,
  isFor,
  LOCK_TRACES,
  type LockTrace,
  ONE_IN,
  readRules,
} from "@wayward/record";

/** How much of the locks of some classes is recorded. */
export interface LockRule extends LockTracing {
  /** A class, or a pattern of them: `*` stands for any characters. */
  readonly class: string;
}

/** How much of a lock is recorded. */
export interface LockTracing {
  readonly trace: LockTrace;
  /** Of so many acquisitions one is recorded, where they are sampled. */
  readonly oneIn: number;
}

const ALL: LockTracing = { trace: "on", oneIn: ONE_IN.fallback };

/** Reads `db*=contention,cache=off,queue=sampled/50`. Error INVALID_ARGUMENT / BAD_OPTION. */
export function parseLocks(text: string): Result<LockRule[]> {
  const rules: LockRule[] = [];
  for (const pair of text.split(",").filter(Boolean)) {
    const at = pair.lastIndexOf("=");
    const [trace, oneIn] = pair
      .slice(at + 1)
      .trim()
      .split("/");
    const name = at < 1 ? "" : pair.slice(0, at).trim();
    const rule = readRule({ class: name, trace, oneIn: oneIn === undefined ? undefined : Number(oneIn) });
    if (rule === undefined) {
      const forms = "class=on, off, contention or sampled/100";
      return fail("INVALID_ARGUMENT", "BAD_OPTION", `locks has "${pair.slice(0, 80)}", not ${forms}`);
    }
    rules.push(rule);
  }
  return ok(rules);
}

/** The rules that a control value has for one session. What cannot be read counts as no rule. */
export function remoteLocks(value: string, to: Addressee): LockRule[] {
  return readRules(value)
    .filter((rule) => isFor(rule, to))
    .flatMap((rule) => readRule(rule) ?? []);
}

/** How the locks of a class are recorded: the last rule that fits decides; without one, all. */
export function tracingOf(rules: readonly LockRule[], name: string): LockTracing {
  return rules.findLast((rule) => fits(rule.class, name)) ?? ALL;
}

function readRule({ class: name, trace: wanted, oneIn = ONE_IN.fallback }: ControlRule): LockRule | undefined {
  const trace = LOCK_TRACES.find((known) => known === wanted);
  if (typeof name !== "string" || name === "" || trace === undefined) return undefined;
  if (typeof oneIn !== "number" || !Number.isInteger(oneIn) || oneIn < 1 || oneIn > ONE_IN.most) return undefined;
  return { class: name, trace, oneIn };
}

/** True if `*` in the pattern can stand for what makes it the name. Takes the leftmost place for each part. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return name === pattern;
  const last = parts.at(-1) ?? "";
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
