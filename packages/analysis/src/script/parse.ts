import { WaywardError } from "@wayward/base";
import {
  CONTEXT_KEYS,
  type ContextKeys,
  LOCK_KEYS,
  type LockKeys,
  OPS,
  type Op,
  type OpName,
  type Options,
  type Scenario,
  type ValueRule,
} from "./scenario.ts";
import { misfit, typesOf } from "./types.ts";

/**
 * Reads a lock script: one JSON object a line, empty lines aside. Throws
 * INVALID_ARGUMENT / BAD_SCRIPT that names line, scenario and op: nothing that
 * is not known is passed over.
 */
export function parseScript(text: string): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() !== "") scenarios.push(parseLine(line, index + 1));
  }
  return scenarios;
}

/** Where something is wrong: grows as the parser goes in. */
type Where = (problem: string) => WaywardError;

function parseLine(line: string, number: number): Scenario {
  const onLine: Where = (problem) => bad(`line ${number}: ${problem}`);
  const scenario = record(parseJson(line, onLine), onLine, "the scenario");
  const { name } = scenario;
  if (typeof name !== "string") throw onLine(`name is ${shown(name)}, not a text`);
  const inScenario: Where = (problem) => bad(`line ${number}, scenario "${name}": ${problem}`);
  for (const key of Object.keys(scenario)) {
    if (!["name", "locks", "contexts", "ops"].includes(key)) throw inScenario(`no key is called "${key}"`);
  }
  if (!Array.isArray(scenario.ops)) throw inScenario(`ops is ${shown(scenario.ops)}, not a list`);
  const inOp =
    (index: number, op: unknown): Where =>
    (problem) =>
      bad(`line ${number}, scenario "${name}", op ${index} ${shown(op)}: ${problem}`);
  const { ops } = scenario;
  const parsed = {
    name,
    locks: keyed<LockKeys>(scenario.locks, LOCK_KEYS, inScenario, "lock"),
    contexts: keyed<ContextKeys>(scenario.contexts, CONTEXT_KEYS, inScenario, "context"),
    ops: ops.map((op: unknown, index) => parseOp(op, inOp(index, op))),
  };
  const types = typesOf(parsed);
  for (const [index, op] of parsed.ops.entries()) {
    const problem = misfit(op, types);
    if (problem !== undefined) throw inOp(index, ops[index])(problem);
  }
  return parsed;
}

function parseJson(line: string, where: Where): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw where(`not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

function parseOp(value: unknown, where: Where): Op {
  if (!Array.isArray(value) || value.length < 2 || value.length > 4) {
    throw where("an op is [lane, op, subject] or [lane, op, subject, {options}]");
  }
  const [lane, name, subject = null, options = {}] = value as unknown[];
  if (typeof lane !== "string" || lane === "") throw where(`the lane is ${shown(lane)}, not a name`);
  if (typeof name !== "string" || !Object.hasOwn(OPS, name)) throw where(`no op is called ${shown(name)}`);
  const rule = OPS[name as OpName];
  if (rule.subject === "none" ? subject !== null : typeof subject !== "string" || subject === "") {
    const wanted = rule.subject === "none" ? "null" : `the name of a ${rule.subject}`;
    throw where(`the subject is ${shown(subject)}, not ${wanted}`);
  }
  return {
    lane,
    op: name as OpName,
    subject: (subject as string | null) ?? undefined,
    options: checked<Options>(record(options, where, "options"), rule.options, where, "option"),
  };
}

function keyed<T>(
  value: unknown,
  rules: Readonly<Record<string, ValueRule>>,
  where: Where,
  what: string,
): Map<string, T> {
  if (value === undefined) return new Map();
  const entries = Object.entries(record(value, where, `${what}s`));
  return new Map(
    entries.map(([name, keys]) => {
      const here: Where = (problem) => where(`${what} "${name}": ${problem}`);
      return [name, checked<T>(record(keys, here, "what is said of it"), rules, here, "key")];
    }),
  );
}

function checked<T>(
  values: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, ValueRule>>,
  where: Where,
  what: string,
): T {
  for (const [key, value] of Object.entries(values)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) throw where(`no ${what} is called "${key}"`);
    const wanted = problemOf(value, rule);
    if (wanted !== undefined) throw where(`${key} is ${shown(value)}, not ${wanted}`);
  }
  return values as T;
}

/** What the value should be, or undefined where it is. */
function problemOf(value: unknown, rule: ValueRule): string | undefined {
  const whole = typeof value === "number" && Number.isSafeInteger(value);
  switch (rule.type) {
    case "string":
      return typeof value === "string" ? undefined : "a name";
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false";
    case "count":
      return whole && value >= 0 ? undefined : "a whole number from 0 on";
    case "positive":
      return whole && value >= 1 ? undefined : "a whole number from 1 on";
    case "number":
      return typeof value === "number" && value >= 0 && value <= MS_MAX ? undefined : `a number from 0 to ${MS_MAX}`;
    case "names":
      return Array.isArray(value) && value.every((name) => typeof name === "string") ? undefined : "a list of names";
    case "word":
      return rule.words.includes(value as string) ? undefined : `one of ${rule.words.join(", ")}`;
  }
}

/** A hundred days: times since a scenario's start stay exact. */
const MS_MAX = 8_640_000_000;

function record(value: unknown, where: Where, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw where(`${what} is ${shown(value)}, not an object`);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 120);
}

function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_SCRIPT", `lock script: ${message}`);
}
