import { describe, expect, test } from "@jest/globals";
import {
  lockAcquired,
  lockCreated,
  lockDestroyed,
  lockReleased,
  lockTimedOut,
  lockTryFailed,
  lockUpgraded,
  lockWait,
  threadExit,
} from "@wayward/record";
import { Recorded, START } from "../threads/testing/recorded.ts";
import { foldLocks, record, type Told } from "./testing/fold.ts";
import { innocentProgram, randomOf } from "./testing/program.ts";

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

/** What a fold says, but for the users of locks, which only the slow way counts. */
function told({ findings, tables, leftOut }: Told): unknown {
  return { findings, tables: tables.filter(({ name }) => name !== "users"), leftOut };
}

/** The same blocks by both ways: where users are counted, no record takes the quick one. */
function bothWays(
  recorded: Pick<Recorded, "blocks">,
  options = {},
): { readonly quick: unknown; readonly slow: unknown } {
  const fold = (detail: boolean) => told(foldLocks(recorded.blocks, { start: START, detail, ended: true, ...options }));
  return { quick: fold(false), slow: fold(true) };
}

/** Any records of locks in any order, most of them usual ones. */
function chaos(seed: number, steps: number): Recorded {
  const random = randomOf(seed);
  const recorded = new Recorded();
  const lanes = ["a", "b", "c", "d"].map((name) => recorded.lane(name));
  const locks = ["rwlock", "mutex", "rwlock", "recursive", "ww"].map((type, index) =>
    recorded.object(`lock ${index}`, type),
  );
  const usual = [lockAcquired, lockReleased, lockWait];
  for (let index = 0; index < steps; index++) {
    const [lane, lock] = [lanes[random(lanes.length)]!, locks[random(locks.length)]!];
    const mode = random(3);
    const time = index * 7;
    const kind = random(100);
    if (kind < 80) recorded.add(lane, time, usual[random(3)]!, lock, mode);
    else if (kind < 85) recorded.add(lane, time, lockAcquired, lock, mode, 1n + BigInt(random(2)));
    else if (kind < 90) recorded.add(lane, time, lockWait, lock, mode, undefined, locks[random(locks.length)]!);
    else if (kind < 92) recorded.add(lane, time, lockTimedOut, lock, mode);
    else if (kind < 94) recorded.add(lane, time, lockTryFailed, lock, mode);
    else if (kind < 96) recorded.add(lane, time, lockUpgraded, lock);
    else if (kind < 97) recorded.add(lane, time, lockCreated, lock);
    else if (kind < 98) recorded.add(lane, time, lockDestroyed, lock);
    else if (kind < 99) recorded.add(lane, time, threadExit, 0n);
    else recorded.drop(lane, 1 + random(3), time);
    if (random(60) === 0) recorded.cut();
  }
  recorded.cut();
  return recorded;
}

/** Lanes that take and give two locks, as quickly as the chains of both are known, and wait for each other. */
function busy(seed: number): Recorded {
  const random = randomOf(seed);
  const recorded = new Recorded();
  const lanes = ["a", "b", "c"].map((name) => recorded.lane(name));
  const [outer, inner] = [recorded.object("outer", "rwlock"), recorded.object("inner", "rwlock")];
  let time = 0;
  for (let round = 0; round < 200; round++) {
    const lane = lanes[random(lanes.length)]!;
    const mode = random(3);
    const add = (kind: typeof lockAcquired, lock: number) => {
      time += 1 + random(9);
      recorded.add(lane, time, kind, lock, mode);
    };
    if (random(4) === 0) add(lockWait, outer);
    add(lockAcquired, outer);
    if (random(2) === 0) add(lockAcquired, inner);
    // Now and then a hold lasts, so that others meet it.
    if (random(5) > 0) add(lockReleased, inner);
    if (random(5) > 0) add(lockReleased, outer);
    if (random(40) === 0) recorded.cut();
  }
  recorded.cut();
  return recorded;
}

/** More lanes than are open at a time, each of which takes more locks than an open lane has lines, and gives some back too early. */
function deep(seed: number): Recorded {
  const random = randomOf(seed);
  const recorded = new Recorded();
  const lanes = Array.from({ length: 1030 }, (_, index) => recorded.lane(`lane ${index}`));
  const locks = Array.from({ length: 12 }, (_, index) => recorded.object(`lock ${index}`, "rwlock"));
  let time = 0;
  for (let round = 0; round < 40; round++) {
    const lane = lanes[random(8) === 0 ? random(lanes.length) : 1020 + random(10)]!;
    const depth = 1 + random(locks.length);
    for (const lock of locks.slice(0, depth)) recorded.add(lane, time++, lockAcquired, lock, 0);
    const given = locks.slice(0, depth).reverse();
    if (random(4) === 0) given.unshift(given.pop()!);
    for (const lock of given) recorded.add(lane, time++, lockReleased, lock, 0);
    if (random(20) === 0) recorded.cut();
  }
  // A block with a record of each lane.
  for (const lane of lanes) recorded.add(lane, time++, lockAcquired, locks[0]!, 0);
  for (const lane of lanes) recorded.add(lane, time++, lockReleased, locks[0]!, 0);
  recorded.cut();
  return recorded;
}

describe("the quick way through usual records says what the slow way says", () => {
  test("of programs that do nothing wrong, with lanes that end and others that vanish", () => {
    for (const seed of SEEDS) {
      for (const options of [{ exits: true }, { vanish: true }, { exits: true, vanish: true }]) {
        const program = innocentProgram(seed, { lanes: 5, locks: 6, steps: 400, ...options });
        const { quick, slow } = bothWays(record(program, (index) => index % 90 === 89));
        expect({ seed, quick }).toEqual({ seed, quick: slow });
      }
    }
  });

  test("of any records in any order, with records and blocks missing and a checkpoint between", () => {
    for (const seed of SEEDS) {
      const recorded = chaos(seed, 600);
      const { blocks } = recorded;
      for (const some of [blocks, blocks.filter((_, index) => index % 5 !== 3)]) {
        const { quick, slow } = bothWays({ blocks: some });
        expect({ seed, quick }).toEqual({ seed, quick: slow });
        expect({ seed, ...bothWays({ blocks: some }, { checkpointAfter: 3 }) }).toEqual({ seed, quick, slow });
      }
    }
  });

  test("of more lanes than may be open, and of deeper nesting than those have room for", () => {
    for (const seed of SEEDS.slice(0, 2)) {
      const { quick, slow } = bothWays(deep(seed));
      expect({ seed, quick }).toEqual({ seed, quick: slow });
    }
  });

  test("of locks that lanes take, hand over and wait for again and again", () => {
    for (const seed of SEEDS) {
      const { quick, slow } = bothWays(busy(seed));
      expect({ seed, quick }).toEqual({ seed, quick: slow });
    }
  });
});
