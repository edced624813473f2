import { describe, expect, test } from "@jest/globals";
import { lockAcquired, lockReleased, threadExit } from "@wayward/record";
import type { Finding } from "../finding.ts";
import { Recorded, START } from "../threads/testing/recorded.ts";
import { foldLocks, ProgramRecorder, provenFaults, record } from "./testing/fold.ts";
import { innocentProgram, type ProgramOptions, randomOf, type Step } from "./testing/program.ts";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const BUSY: ProgramOptions = { lanes: 4, locks: 5, steps: 300 };

/** Records of one lane, lost and not told yet. */
interface Loss {
  count: number;
  from: number;
  until: number;
}

/** The program with random stretches of its lanes' records lost; each is told before its lane's next record, or later than others'. */
function withLosses(steps: readonly Step[], seed: number): ProgramRecorder {
  const random = randomOf(seed + 1_000);
  const recorded = new ProgramRecorder();
  const losing = new Map<number, number>();
  const lost = new Map<number, Loss>();
  const tell = (lane: number) => {
    const loss = lost.get(lane);
    if (loss === undefined) return;
    lost.delete(lane);
    recorded.drop(recorded.laneOf(lane), loss.count, loss.until, loss.from);
  };
  for (const step of steps) {
    const { lane, time } = step;
    if (random(25) === 0) losing.set(lane, 1 + random(6));
    const left = losing.get(lane) ?? 0;
    if (left > 0) {
      losing.set(lane, left - 1);
      const loss = lost.get(lane) ?? { count: 0, from: time, until: time };
      lost.set(lane, { count: loss.count + 1, from: loss.from, until: time });
    } else {
      tell(lane);
      recorded.step(step);
    }
    if (random(9) === 0) recorded.cut();
    if (random(9) === 0) for (const other of lost.keys()) tell(other);
  }
  for (const lane of [...lost.keys()]) tell(lane);
  recorded.cut();
  return recorded;
}

/** Findings as lines, with the seed of the program. */
function messagesOf(seed: number, findings: readonly Finding[]): string[] {
  return findings.map(({ rule, message, unproven }) => `seed ${seed}, ${rule}: ${message} (${unproven})`);
}

describe("lock analyses of a session with holes", () => {
  test("prove nothing of an innocent program whose records are lost here and there, and say why", () => {
    let unproven = 0;
    for (const seed of SEEDS) {
      const recorded = withLosses(innocentProgram(seed, BUSY), seed);
      const told = foldLocks(recorded.blocks, { start: START });
      expect(messagesOf(seed, provenFaults(told))).toEqual([]);
      for (const { unproven: why } of told.findings)
        expect(why).toMatch(/^records are missing that may tell of lock \d$|may be gone$/);
      unproven += told.findings.length;
    }
    // The holes do hide what the verdicts need.
    expect(unproven).toBeGreaterThan(SEEDS.length);
  });

  test("prove nothing of an innocent program of which whole blocks are missing", () => {
    for (const seed of SEEDS) {
      const random = randomOf(seed + 2_000);
      const { blocks } = record(innocentProgram(seed, BUSY), () => random(12) === 0);
      const left = blocks.filter(() => random(4) > 0);
      expect(messagesOf(seed, provenFaults(foldLocks(left, { start: START })))).toEqual([]);
    }
  });

  test("prove what is wrong by itself, hole or not", () => {
    const recorded = new Recorded();
    const [lane, lock, other] = [recorded.lane("a"), recorded.object("one"), recorded.object("two")];
    recorded.add(lane, 1, lockAcquired, other, 0);
    recorded.add(lane, 2, lockReleased, other, 0);
    recorded.drop(lane, 5, 9, 3);
    recorded.add(lane, 10, lockAcquired, lock, 0);
    recorded.add(lane, 11, lockReleased, lock, 0);
    recorded.add(lane, 12, lockReleased, lock, 0);
    recorded.add(lane, 13, lockReleased, other, 0);
    recorded.cut();
    const { findings } = foldLocks(recorded.blocks, { start: START });
    expect(findings.map(({ rule, locks, unproven }) => [rule, locks[0], unproven])).toEqual([
      ["misuse.unlock-not-held", "one", ""],
      ["misuse.unlock-not-held", "two", "records are missing that may tell of two"],
    ]);
  });

  test("take back what was proven by records that a hole told later lies between", () => {
    const recorded = new Recorded();
    const [a, b] = [recorded.lane("a"), recorded.lane("b")];
    const lock = recorded.object("one");
    recorded.add(a, 1, lockAcquired, lock, 0);
    recorded.add(b, 5, lockReleased, lock, 0);
    recorded.cut();
    expect(provenFaults(foldLocks(recorded.blocks, { start: START }))).toHaveLength(1);
    recorded.drop(a, 1, 4, 3);
    recorded.cut();
    const { findings } = foldLocks(recorded.blocks, { start: START });
    expect(findings.map(({ rule, unproven }) => [rule, unproven])).toEqual([
      ["misuse.unlock-other-lane", "records are missing that may tell of one"],
    ]);
  });

  test("do not fail where the block behind a hole has no record, and locks are held over it", () => {
    const steps = innocentProgram(3, BUSY);
    const { blocks } = record(steps.slice(0, 100), (index) => index === 50);
    const recorded = record(steps.slice(0, 100), (index) => index === 50);
    recorded.end();
    const told = foldLocks([blocks[0]!, recorded.blocks.at(-1)!], { start: START });
    expect(provenFaults(told)).toEqual([]);
  });
});

describe("lock analyses of records that contradict each other", () => {
  test("prove nothing where the clock goes back", () => {
    for (const seed of SEEDS) {
      const random = randomOf(seed + 3_000);
      const last = new Map<number, number>();
      const steps = innocentProgram(seed, BUSY).map((step) => {
        const before = last.get(step.lane) ?? 0;
        const time = before > 0 && random(12) === 0 ? Math.max(0, before - 1 - random(200)) : step.time;
        last.set(step.lane, time);
        return { ...step, time };
      });
      const told = foldLocks(record(steps, () => random(15) === 0).blocks, { start: START });
      expect(messagesOf(seed, provenFaults(told))).toEqual([]);
    }
  });

  test("keep the order of a lane whose clock goes back", () => {
    const recorded = new Recorded();
    const [lane, other, lock] = [recorded.lane("a"), recorded.lane("b"), recorded.object("one")];
    recorded.add(lane, 10, lockAcquired, lock, 0);
    recorded.add(lane, 4, lockReleased, lock, 0);
    recorded.add(other, 20, threadExit);
    recorded.cut();
    expect(foldLocks(recorded.blocks, { start: START }).findings).toEqual([]);
  });

  test("find nothing in lanes that have the numbers of ones that ended", () => {
    for (const seed of SEEDS) {
      const { blocks } = record(innocentProgram(seed, { ...BUSY, exits: true }), (index) => index % 40 === 0);
      expect(messagesOf(seed, foldLocks(blocks, { start: START }).findings)).toEqual([]);
    }
  });

  test("prove nothing of locks whose holders have vanished, and say that", () => {
    let doubted = 0;
    for (const seed of SEEDS) {
      const { blocks } = record(innocentProgram(seed, { ...BUSY, vanish: true }), (index) => index % 40 === 0);
      const told = foldLocks(blocks, { start: START });
      expect(messagesOf(seed, provenFaults(told))).toEqual([]);
      for (const { unproven } of told.findings)
        expect(unproven).toMatch(/^lane \d has not released it since, and may be gone$/);
      doubted += told.findings.length;
    }
    expect(doubted).toBeGreaterThan(0);
  });

  test("prove a lock granted twice once its first holder releases it", () => {
    const recorded = new Recorded();
    const [a, b, lock] = [recorded.lane("a"), recorded.lane("b"), recorded.object("one")];
    recorded.add(a, 1, lockAcquired, lock, 0);
    recorded.add(b, 2, lockAcquired, lock, 0);
    recorded.cut();
    const before = foldLocks(recorded.blocks, { start: START }).findings;
    expect(before.map(({ rule, unproven }) => [rule, unproven])).toEqual([
      ["misuse.double-lock", "a has not released it since, and may be gone"],
    ]);
    recorded.add(a, 3, lockReleased, lock, 0);
    recorded.cut();
    expect(provenFaults(foldLocks(recorded.blocks, { start: START }))).toHaveLength(1);
  });

  test("survive any records in any order", () => {
    for (const seed of SEEDS) {
      const random = randomOf(seed);
      const steps = innocentProgram(seed, { ...BUSY, exits: true });
      for (let index = steps.length - 1; index > 0; index--) {
        const other = random(index + 1);
        [steps[index], steps[other]] = [steps[other]!, steps[index]!];
      }
      expect(() => foldLocks(record(steps, () => random(15) === 0).blocks, { start: START })).not.toThrow();
    }
  });
});
