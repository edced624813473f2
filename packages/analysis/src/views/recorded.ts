import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, Dictionary, type FieldValue, parseEnvelope, Stage, sections } from "@wayward/block";
import * as kinds from "@wayward/record";
import type { AnalysisResult } from "../result.ts";
import { SessionAnalysis } from "../session-analysis.ts";

/** What a step of a program says beside lane, lock and time. */
interface StepOptions {
  readonly mode?: kinds.LockMode;
  readonly subclass?: number;
  /** Function it is in; its file is `main.c`, its line the length of its name. */
  readonly in?: string;
  readonly with?: string;
}

/** Times of a program's steps are microseconds. */
type Step = readonly [time: number, lane: string, step: StepName, subject: string, options?: StepOptions];

type StepName = "wait" | "acquire" | "release" | "give-up" | "try-failed" | "upgrade" | "downgrade" | ConditionStep;
type ConditionStep = "sleep" | "woken" | "timed-out" | "signal" | "broadcast";

export interface Program {
  /** Locks that are not mutexes of a class of their own. */
  readonly locks?: Readonly<Record<string, { readonly type?: string; readonly class?: string }>>;
  readonly steps: readonly Step[];
}

/** A program's steps as the records of a session, and what the analysis says of them. */
export function analyse({ locks = {}, steps }: Program, options: { readonly detail?: boolean } = {}): AnalysisResult {
  const session = kinds.newSessionId(0, new Uint8Array(10));
  const description = api.SessionDescription.fromPartial({ name: "program", start: 0n });
  const writer = new BlockWriter({ session, description, pack: false });
  const stage = new Stage();
  const { dictionary: names } = writer;
  const lanes = new Map<string, number>();
  const objects = new Map<string, number>();
  const once = (known: Map<string, number>, name: string, make: () => number) => {
    if (!known.has(name)) known.set(name, make());
    return known.get(name)!;
  };
  const object = (name: string) =>
    once(objects, name, () => {
      const { type = "mutex", class: cls } = locks[name] ?? {};
      const instance = cls === undefined ? "" : name;
      return names.object({ type, class: cls ?? name, instance, waits: "", waitsInside: "", perLane: false }, true);
    });
  for (const [time, name, step, subject, stepOptions = {}] of steps) {
    const lane = once(lanes, name, () => names.lane({ name, kind: "thread" }));
    const { in: fn } = stepOptions;
    const site = fn === undefined ? 0 : names.site({ function: fn, file: "main.c", line: fn.length, text: "" });
    const [kind, values] = recordOf(step, object(subject), stepOptions, object);
    stage.add(names.kind(kind), kind, { lane, time: BigInt(Math.round(time * 1000)), site }, values);
  }
  const dictionary = new Dictionary();
  const analysis = new SessionAnalysis({ session: "program", description, ...options }, dictionary);
  for (const { bytes } of writer.write(stage)) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    analysis.step(envelope);
  }
  return analysis.result();
}

function recordOf(
  step: StepName,
  object: number,
  { mode: modeName = "exclusive", subclass, with: mutex }: StepOptions,
  objectOf: (name: string) => number,
): [kinds.Kind, FieldValue[]] {
  const mode = kinds.LOCK_MODES.indexOf(modeName);
  switch (step) {
    case "wait":
      return [kinds.lockWait, [object, mode, subclass]];
    case "acquire":
      return [kinds.lockAcquired, [object, mode, subclass]];
    case "release":
      return [kinds.lockReleased, [object, mode]];
    case "give-up":
      return [kinds.lockTimedOut, [object, mode, 0, subclass]];
    case "try-failed":
      return [kinds.lockTryFailed, [object, mode]];
    case "upgrade":
      return [kinds.lockUpgraded, [object]];
    case "downgrade":
      return [kinds.lockDowngraded, [object]];
    case "sleep":
      return [kinds.conditionWait, [object, mutex === undefined ? 0 : objectOf(mutex)]];
    case "woken":
    case "timed-out":
      return [kinds.conditionWoken, [object, step === "woken" ? 0 : 1]];
    case "signal":
      return [kinds.conditionSignal, [object]];
    case "broadcast":
      return [kinds.conditionBroadcast, [object]];
  }
}
