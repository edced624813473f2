import { describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, Dictionary, type LaneKind, parseEnvelope, Stage, sections } from "@wayward/block";
import { lockAcquired, lockReleased, lockWait, newSessionId } from "@wayward/record";
import { SessionAnalysis } from "../session-analysis.ts";

type Step = readonly [lane: string, op: "wait" | "take" | "give", lock: string];

const KINDS = { wait: lockWait, take: lockAcquired, give: lockReleased } as const;

/** What is found in a session of the Node agent, whose lanes are these. */
function findingsOf(lanes: Readonly<Record<string, LaneKind>>, steps: readonly Step[]) {
  const description = api.SessionDescription.fromPartial({ agent: "wayward-node/0.1.0", start: 0n });
  const writer = new BlockWriter({ session: newSessionId(0), description });
  const numbers = Object.fromEntries(
    Object.entries(lanes).map(([name, kind]) => [name, writer.dictionary.lane({ name, kind })]),
  );
  const stage = new Stage();
  for (const [at, [lane, op, lock]] of steps.entries()) {
    const kind = KINDS[op];
    const object = writer.dictionary.object({ type: "mutex", class: lock });
    stage.add(writer.dictionary.kind(kind), kind, { lane: numbers[lane]!, time: BigInt(at) }, [object, 0]);
  }
  const dictionary = new Dictionary();
  const analysis = new SessionAnalysis({ session: "flows", description }, dictionary);
  for (const { bytes } of writer.write(stage, { cause: 0, uncertainMs: 0, exit: "0" })) {
    const envelope = unwrap(parseEnvelope(bytes));
    dictionary.add(sections(envelope).dictionary);
    analysis.step(envelope);
  }
  return analysis.result().findings;
}

const cross = (first: string, second: string): Step[] => [
  [first, "take", "a"],
  [first, "take", "b"],
  [first, "give", "b"],
  [first, "give", "a"],
  [second, "take", "b"],
  [second, "take", "a"],
  [second, "give", "a"],
  [second, "give", "b"],
];

describe("a lane that runs an event loop", () => {
  const lanes = { main: "thread", one: "task", two: "task" } as const;

  test("may wait for a lock that another of its flows holds", () => {
    const steps: Step[] = [
      ["main", "take", "a"],
      ["main", "wait", "a"],
      ["main", "wait", "a"],
      ["main", "give", "a"],
      ["main", "take", "a"],
      ["main", "give", "a"],
      ["main", "take", "a"],
      ["main", "give", "a"],
    ];
    expect(findingsOf(lanes, steps)).toEqual([]);
  });

  test("may have its lock released by a task, and the other way round", () => {
    const steps: Step[] = [
      ["main", "take", "a"],
      ["one", "give", "a"],
      ["one", "take", "a"],
      ["main", "give", "a"],
    ];
    expect(findingsOf(lanes, steps)).toEqual([]);
  });

  test("leaves an inversion unproven, and tasks prove it", () => {
    const [unproven] = findingsOf(lanes, cross("main", "main"));
    expect(unproven).toMatchObject({ rule: "order.inversion", unproven: expect.stringContaining("main runs several") });
    const [proven] = findingsOf(lanes, cross("one", "two"));
    expect(proven).toMatchObject({ rule: "order.inversion", unproven: "" });
    expect(proven?.fingerprint).toBe(unproven?.fingerprint);
  });

  test("does not keep tasks from proving later what it has shown first", () => {
    const found = findingsOf(lanes, [...cross("main", "main"), ...cross("one", "two")]);
    expect(found).toMatchObject([{ rule: "order.inversion", unproven: "" }]);
  });
});
