import type { Client, ClientRecord } from "@wayward/client";
import { type ControlRule, LOCK_TRACES, LOCKS_TOPIC, lockTracing, ONE_IN } from "@wayward/record";
import { type ControlCommand, control } from "../../control/command.ts";
import { badOption, withoutRules, withRule } from "../../control/rules.ts";
import { showStatus } from "../../control/status.ts";
import { parseCount } from "../../selection.ts";

export interface LocksTraceCommand extends ControlCommand {
  readonly class?: string;
  readonly oneIn?: string;
}

/** `wayward locks trace`: how much of locks is recorded by running agents, and by those that start later. */
export async function locksTrace(trace: string | undefined, options: LocksTraceCommand): Promise<void> {
  await control(options, { topic: LOCKS_TOPIC, change: changeOf(trace, options), show: status });
}

type Change = (rules: readonly ControlRule[]) => ControlRule[];

/** What is asked for; undefined to show how it is. */
function changeOf(trace: string | undefined, options: LocksTraceCommand): Change | undefined {
  const { class: named, oneIn, name, session, clear } = options;
  if (oneIn !== undefined && trace !== "sampled")
    throw badOption("--one-in", oneIn, "to be given with a mode other than sampled");
  if (clear) {
    if (trace !== undefined) throw badOption("the mode", trace, "to be given with --clear");
    return (rules) => withoutRules(rules, { class: named, name, session });
  }
  if (trace === undefined) {
    const stray = named ?? name ?? session;
    if (stray !== undefined) throw badOption("the mode", "", `one of ${LOCK_TRACES.join(", ")}`);
    return undefined;
  }
  if (named === undefined || named === "") throw badOption("--class", named ?? "", "a class of locks or a pattern");
  const count = oneIn === undefined ? undefined : parseCount("--one-in", oneIn);
  if (count !== undefined && count > ONE_IN.most) throw badOption("--one-in", String(count), `at most ${ONE_IN.most}`);
  const rule = {
    class: named,
    trace,
    ...(trace === "sampled" ? { oneIn: count ?? ONE_IN.fallback } : {}),
    name,
    session,
  };
  return (rules) => withRule(rules, rule, "class");
}

/** Classes that are not recorded in full, by session. */
type Switched = Map<string, Map<string, { readonly trace: string; readonly oneIn: number | null }>>;

async function status(client: Client, json: boolean): Promise<void> {
  const switched: Switched = new Map();
  const classesOf = (session: string) => [...(switched.get(session) ?? [])];
  await showStatus(
    client,
    {
      topic: LOCKS_TOPIC,
      without: "no rules: all locks are recorded, but what programs themselves leave out",
      columns: ["class", "trace", "oneIn", "name", "session"].map((field) => ({ title: titleOf(field), field })),
      kinds: [lockTracing.name],
      hear: (record) => hear(switched, record),
      extra: {
        title: "CLASSES NOT ON",
        text: (session) =>
          classesOf(session)
            .map(([name, { trace, oneIn }]) => `${name}=${trace}${oneIn === null ? "" : `/${oneIn}`}`)
            .join(" "),
        json: (session) => ({
          classes: classesOf(session).map(([name, { trace, oneIn }]) => ({ class: name, trace, one_in: oneIn })),
        }),
      },
    },
    json,
  );
}

function hear(switched: Switched, { session, fields }: ClientRecord): void {
  const classes = switched.get(session) ?? new Map();
  switched.set(session, classes);
  const { class: name, trace, one_in: oneIn } = fields;
  if (trace === "on") classes.delete(String(name));
  else classes.set(String(name), { trace: String(trace), oneIn: oneIn === undefined ? null : Number(oneIn) });
}

function titleOf(field: string): string {
  return field === "oneIn" ? "ONE IN" : field.toUpperCase();
}
