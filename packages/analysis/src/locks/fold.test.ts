import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { lockAcquired, lockReleased } from "@wayward/record";
import { parseScript } from "../script/parse.ts";
import { recordScenario } from "../script/record.ts";
import { rowsOf } from "../table.ts";
import { Recorded, START } from "../threads/testing/recorded.ts";
import { foldLocks, record, type Told } from "./testing/fold.ts";
import { innocentProgram, type ProgramOptions, randomOf } from "./testing/program.ts";

const CASES = new URL("../../cases/", import.meta.url);
const MILLION = 1_000_000;
const SEEDS = Array.from({ length: 8 }, (_, seed) => seed);
const BUSY: ProgramOptions = { lanes: 4, locks: 6, steps: 400, exits: true };

/** Every scenario of the library, by its name. */
function library() {
  return readdirSync(CASES)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(new URL(name, CASES), "utf8").split("\n").filter(Boolean))
    .map((line) => parseScript(JSON.stringify((JSON.parse(line) as { scenario: unknown }).scenario))[0]!);
}

/** A program that does everything wrong that can be: locks out of order, released by others, twice or never. */
function guilty(seed: number, cut: (index: number) => boolean): Recorded {
  const random = randomOf(seed);
  const recorded = new Recorded();
  const lanes = ["a", "b", "c"].map((name) => recorded.lane(name));
  const locks = ["one", "two", "three", "four"].map((name) => recorded.object(name));
  for (let index = 0; index < 300; index++) {
    const [lane, lock] = [lanes[random(3)]!, locks[random(4)]!];
    recorded.add(lane, index * 7, random(2) === 0 ? lockAcquired : lockReleased, lock, 0);
    if (cut(index)) recorded.cut();
  }
  recorded.cut();
  return recorded;
}

/** Cuts into one, two, seven, and very many blocks. */
const CUTS: Readonly<Record<string, (index: number) => boolean>> = {
  two: (index) => index === 133,
  seven: (index) => index % 45 === 44,
  many: (index) => index % 2 === 0,
};

function fold({ blocks }: Pick<Recorded, "blocks">, options = {}): Told {
  return foldLocks(blocks, { start: START, ...options });
}

describe("the lock analyses", () => {
  test.each(Object.entries(CUTS))("say the same of a session cut into %s blocks as of one", (_, cut) => {
    for (const seed of SEEDS) {
      const innocent = innocentProgram(seed, BUSY);
      expect(fold(record(innocent, cut))).toEqual(fold(record(innocent, () => false)));
      expect(fold(guilty(seed, cut))).toEqual(fold(guilty(seed, () => false)));
    }
    expect(fold(guilty(1, cut)).findings.length).toBeGreaterThan(5);
  });

  test("go on from a checkpoint to what they would have found without", () => {
    for (const seed of SEEDS) {
      for (const recorded of [guilty(seed, CUTS.seven!), record(innocentProgram(seed, BUSY), CUTS.seven!)]) {
        const whole = fold(recorded);
        const after = 1 + (seed % recorded.blocks.length);
        expect(fold(recorded, { checkpointAfter: after })).toEqual(whole);
      }
    }
  });

  test("go on from a checkpoint in every case of the library, after its end too", () => {
    for (const scenario of library()) {
      const { blocks } = recordScenario(scenario);
      const whole = foldLocks(blocks, { start: 0n, ended: true });
      const restored = foldLocks(blocks, { start: 0n, ended: true, checkpointAfter: blocks.length });
      expect({ name: scenario.name, ...restored }).toEqual({ name: scenario.name, ...whole });
    }
  });

  test("follow a million classes within a bound, and say what is left out", () => {
    const recorded = new Recorded();
    const [outer, lane] = [recorded.object("outer"), recorded.lane("main")];
    recorded.add(lane, 0, lockAcquired, outer, 0);
    for (let index = 0; index < MILLION; index++) {
      const lock = recorded.object(`lock ${index}`);
      recorded.add(lane, index * 2 + 1, lockAcquired, lock, 0);
      recorded.add(lane, index * 2 + 2, lockReleased, lock, 0);
      if (index % 10_000 === 9_999) recorded.cut();
    }
    recorded.cut();
    const { findings, leftOut, tables } = fold(recorded);
    expect(findings).toEqual([]);
    expect(Object.fromEntries(leftOut)).toEqual({
      // Of the locks that are followed.
      classes: 262_144 - 65_536,
      "records of further locks": 2 * (MILLION - 262_143),
    });
    expect(tables.find(({ name }) => name === "edges")!.rows).toHaveLength(65_535);
  }, 120_000);

  test("write a checkpoint of a chain of 20,000 classes", () => {
    const recorded = new Recorded();
    const lane = recorded.lane("main");
    const locks = Array.from({ length: 20_000 }, (_, index) => recorded.object(`lock ${index}`));
    for (const [index, lock] of locks.entries()) {
      recorded.add(lane, index * 4, lockAcquired, lock, 0);
      if (index > 0) recorded.add(lane, index * 4 + 1, lockReleased, locks[index - 1]!, 0);
      if (index % 5_000 === 0) recorded.cut();
    }
    recorded.cut();
    const whole = fold(recorded);
    expect(fold(recorded, { checkpointAfter: 3 })).toEqual(whole);
    expect(whole.findings).toEqual([]);
  });

  test("begin in the middle and find nothing that the whole does not", () => {
    for (const seed of SEEDS) {
      const recorded = record(innocentProgram(seed, { ...BUSY, exits: false }), CUTS.seven!);
      for (let skip = 1; skip < recorded.blocks.length; skip++) {
        const found = fold(recorded, { skip }).findings.map(({ message }) => ({ seed, skip, message }));
        expect(found).toEqual([]);
      }
    }
  });

  test("keep counts and verdicts where the table of chains is made anew", () => {
    for (const seed of SEEDS) {
      for (const recorded of [guilty(seed, CUTS.many!), record(innocentProgram(seed, BUSY), CUTS.many!)]) {
        const whole = fold(recorded);
        expect(fold(recorded, { chainsMax: 8 })).toEqual(whole);
        const edges = rowsOf(whole.tables.find(({ name }) => name === "edges")!);
        expect(Math.max(...edges.map(({ count }) => Number(count)))).toBeGreaterThan(3);
      }
    }
  });
});
