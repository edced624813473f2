import { block as api } from "@wayward/api";
import { BlockWriter, Layout, Stage } from "@wayward/block";
import { type Kind, LOCK_MODES, lockAcquired, lockReleased, lockWait, newSessionId } from "@wayward/record";

/** Where every session begins: on its clock, and since 1970; in nanoseconds. */
const START = 1_000_000_000n;
const WALL = 1_760_000_000_000_000_000n;
/** Ways in which a program nests locks below one class. */
const PATTERNS = 3;
/** Of 20 patterns: 8 take one lock, 7 two, 3 three, 2 four. */
const DEPTHS = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4] as const;
/** A lock is followed by one of at most so many classes further on: real programs have layers. */
const LAYER = 40;
/** Of 1000 patterns: those that want what another lane holds, so that 5 % of the acquisitions wait. */
const HOT = 148;
/** Of 10 patterns: those that read. */
const READERS = 1;

const EXCLUSIVE = LOCK_MODES.indexOf("exclusive");
const SHARED = LOCK_MODES.indexOf("shared");

/** One acquisition of a pattern. */
interface Level {
  readonly cls: number;
  readonly mode: number;
  readonly takenAt: number;
  readonly givenAt: number;
}

interface Lane {
  readonly number: number;
  pattern: readonly Level[];
  /** Locks of the pattern that it takes, as far as they are chosen. */
  readonly locks: number[];
  /** How many of them it holds. */
  held: number;
  returning: boolean;
  waits: boolean;
}

/** Of a lock: lanes that hold it, how, and who waits, first come first served. */
interface Use {
  readonly holders: Set<Lane>;
  mode: number;
  readonly waiting: Lane[];
}

export interface LockMixOptions {
  readonly lanes: number;
  /** Instances of all classes together, each as often used as the others. */
  readonly instances: number;
  readonly classes: number;
}

/** What the figures count on: one program on a large machine. */
export const WHOLE: LockMixOptions = { lanes: 64, instances: 10_000, classes: 500 };

/**
 * Seeded records of the locks of one session, with sites: lanes nest locks
 * by few patterns a class, at most four deep, always in the same order of
 * classes; 5 % of the acquisitions wait; nobody has a lock that excludes
 * another's.
 */
export class LockMix {
  readonly writer: BlockWriter;
  readonly description: api.SessionDescription;
  readonly #stage = new Stage(1 << 20);
  readonly #patterns: readonly (readonly Level[])[];
  /** Numbers of the instances, class by class. */
  readonly #objects: readonly number[];
  /** Place of each class's first one, and their end. */
  readonly #firsts: readonly number[];
  readonly #lanes: readonly Lane[];
  readonly #uses = new Map<number, Use>();
  readonly #layouts: ReadonlyMap<Kind, Layout>;
  #seed: number;
  #time = START;
  #waits = 0;
  #acquired = 0;

  constructor(seed: number, { lanes, instances, classes }: LockMixOptions) {
    this.#seed = seed * 2654435761 + 1;
    const anchor = { clock: START, wall: WALL, uncertainty: 1000n };
    this.description = api.SessionDescription.fromPartial({
      name: `locks-${seed}`,
      host: "bench",
      start: START,
      anchor,
    });
    this.writer = new BlockWriter({
      session: newSessionId(1_760_000_000_000 + seed),
      description: this.description,
    });
    const { dictionary } = this.writer;
    this.#layouts = new Map(
      [lockWait, lockAcquired, lockReleased].map((kind) => [kind, new Layout(dictionary.kind(kind), kind)]),
    );
    this.#firsts = Array.from({ length: classes + 1 }, (_, cls) => Math.floor((cls * instances) / classes));
    this.#objects = this.#firsts
      .slice(0, -1)
      .flatMap((first, cls) =>
        Array.from({ length: this.#firsts[cls + 1]! - first }, (_, index) =>
          dictionary.object({ type: "rwlock", class: `class-${cls}`, instance: `class-${cls}#${index}` }, true),
        ),
      );
    this.#patterns = Array.from({ length: classes * PATTERNS }, (_, index) =>
      this.#pattern(Math.floor(index / PATTERNS), classes, index),
    );
    this.#lanes = Array.from({ length: lanes }, (_, lane) => ({
      number: dictionary.lane({ name: `worker-${lane}`, kind: "thread" }),
      pattern: this.#patterns[0]!,
      locks: [],
      held: 0,
      returning: true,
      waits: false,
    }));
  }

  /** Part of the acquisitions that waited. */
  get waited(): number {
    return this.#waits / this.#acquired;
  }

  /** The next block with so many records. */
  block(records: number): { readonly bytes: Buffer; readonly records: number } {
    this.#stage.clear();
    while (this.#stage.count < records) this.#step();
    const blocks = this.writer.write(this.#stage);
    if (blocks.length !== 1) throw new Error(`${blocks.length} blocks of ${records} records`);
    return { bytes: blocks[0]!.bytes, records: blocks[0]!.recordCount };
  }

  #pattern(first: number, classes: number, index: number): Level[] {
    const { dictionary } = this.writer;
    const mode = this.#random(10) < READERS ? SHARED : EXCLUSIVE;
    const site = (line: number) =>
      dictionary.site({ function: `work${index}`, file: `src/part${first}.ts`, line, text: "" });
    const levels: Level[] = [];
    let cls = first;
    for (let depth = DEPTHS[this.#random(DEPTHS.length)]!; depth > 0 && cls < classes; depth--) {
      const line = index * 20 + levels.length * 2;
      levels.push({ cls, mode, takenAt: site(line), givenAt: site(line + 1) });
      cls += 1 + this.#random(LAYER);
    }
    return levels;
  }

  /** What some lane that does not wait does next. */
  #step(): void {
    const lane = this.#lanes[this.#random(this.#lanes.length)]!;
    if (lane.waits) return;
    if (lane.held === 0 && lane.returning) this.#begin(lane);
    if (lane.returning) this.#release(lane);
    else this.#acquire(lane);
  }

  #begin(lane: Lane): void {
    lane.returning = false;
    lane.locks.length = 0;
    const other = this.#lanes[this.#random(this.#lanes.length)]!;
    const wanted = other.held > 0 && this.#random(1000) < HOT ? other.held - 1 : -1;
    const cls = wanted < 0 ? this.#random(this.#patterns.length / PATTERNS) : other.pattern[wanted]!.cls;
    lane.pattern = this.#patterns[cls * PATTERNS + this.#random(PATTERNS)]!;
    if (wanted >= 0) lane.locks.push(other.locks[wanted]!);
  }

  #acquire(lane: Lane): void {
    const level = lane.pattern[lane.held]!;
    const lock = lane.locks[lane.held] ?? this.#instance(level.cls);
    lane.locks[lane.held] = lock;
    const use = this.#useOf(lock);
    if (use.holders.size > 0 && (use.mode === EXCLUSIVE || level.mode === EXCLUSIVE || use.waiting.length > 0)) {
      this.#add(lockWait, lane, lock, level.mode, level.takenAt);
      this.#waits++;
      lane.waits = true;
      use.waiting.push(lane);
    } else this.#grant(lane, lock, use);
  }

  #grant(lane: Lane, lock: number, use: Use): void {
    const level = lane.pattern[lane.held]!;
    this.#add(lockAcquired, lane, lock, level.mode, level.takenAt);
    this.#acquired++;
    use.holders.add(lane);
    use.mode = level.mode;
    lane.waits = false;
    lane.held++;
    lane.returning = lane.held === lane.pattern.length;
  }

  #release(lane: Lane): void {
    lane.held--;
    const lock = lane.locks[lane.held]!;
    const level = lane.pattern[lane.held]!;
    const use = this.#useOf(lock);
    this.#add(lockReleased, lane, lock, level.mode, level.givenAt);
    use.holders.delete(lane);
    for (let next = use.waiting[0]; next !== undefined; next = use.waiting[0]) {
      const { mode } = next.pattern[next.held]!;
      if (use.holders.size > 0 && (mode === EXCLUSIVE || use.mode === EXCLUSIVE)) break;
      use.waiting.shift();
      this.#grant(next, lock, use);
    }
  }

  #instance(cls: number): number {
    const [first, end] = [this.#firsts[cls]!, this.#firsts[cls + 1]!];
    return this.#objects[first + this.#random(end - first)]!;
  }

  #useOf(lock: number): Use {
    const known = this.#uses.get(lock);
    if (known !== undefined) return known;
    const made: Use = { holders: new Set(), mode: EXCLUSIVE, waiting: [] };
    this.#uses.set(lock, made);
    return made;
  }

  #add(kind: Kind, lane: Lane, lock: number, mode: number, site: number): void {
    this.#time += BigInt(30 + this.#random(170));
    const [lo, hi] = [Number(this.#time & 0xffffffffn), Number(this.#time >> 32n)];
    this.#stage.putBrief(this.#layouts.get(kind)!, lane.number, lo, hi, lock, mode, site, 0);
  }

  #random(most: number): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff;
    return (this.#seed >>> 8) % most;
  }
}
