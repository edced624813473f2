import { describe, expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { cellAt, Dictionary, parseEnvelope, verifyBlock } from "@wayward/block";
import { LOCK_TRACES, newSessionId } from "@wayward/record";
import fc from "fast-check";
import { lockRecords } from "./bare-lock.ts";
import { describeSession } from "./description.ts";
import { LockClasses } from "./lock-classes.ts";
import type { LockRule } from "./lock-rules.ts";
import { Mutex, RwLock, Semaphore } from "./locks.ts";
import { Recorder } from "./recorder.ts";
import { Sites } from "./sites.ts";

const LANES = 3;
const LOCKS = 2;

/** A recorder that writes to memory, with lanes and the classes of its locks. */
class Program {
  readonly blocks: Uint8Array[] = [];
  /** A full disk. */
  isFull = false;
  readonly recorder: Recorder;
  readonly classes: LockClasses;
  readonly lanes: readonly number[];

  constructor(own: readonly LockRule[] = []) {
    const identity = { name: "x", labels: {}, run: Buffer.alloc(16), parent: Buffer.alloc(0), flushMs: 50 };
    const description = describeSession(identity);
    const options = { session: newSessionId(Date.now()), description };
    this.recorder = new Recorder(options, { append: (_, bytes) => this.#append(bytes) }, 1 << 18);
    this.recorder.begin();
    this.classes = new LockClasses(this.recorder, own);
    this.lanes = Array.from({ length: LANES }, (_, at) => this.recorder.lane(`lane ${at}`, "fibre"));
  }

  #append(bytes: Uint8Array): void {
    if (this.isFull) throw new Error("the disk is full");
    this.blocks.push(bytes);
  }

  parts(type: string, name: string, instance = "") {
    const { recorder } = this;
    const { dictionary } = recorder.writer;
    const object = dictionary.object({ type, class: name, instance });
    return {
      recorder,
      object,
      lockClass: this.classes.of(name),
      places: new Sites(recorder, false).ofLock(object),
      site: 0,
    };
  }

  on(lane: number, work: () => void): void {
    this.recorder.on(this.lanes[lane]!, work);
  }

  switchTo(trace: LockRule["trace"], name = "*"): void {
    expect(this.classes.follow([{ class: name, trace, oneIn: 1 }])).toBe(true);
  }

  /** What is recorded of locks, by lane in order: `lane 0: lock.wait a exclusive`. */
  recorded(): string[] {
    this.recorder.end("");
    const dictionary = new Dictionary();
    const found: string[] = [];
    for (const bytes of this.blocks) {
      const { columns } = verifyBlock(unwrap(parseEnvelope(bytes)), dictionary);
      const laneOf = columns.lanes.flatMap(({ lane, count }) => new Array<number>(count).fill(lane));
      for (let record = 0; record < columns.count; record++) {
        const slot = columns.slots[record]!;
        const kind = dictionary.kind(columns.kinds[slot]!.number)!;
        if (!/^(lock|semaphore)\./.test(kind.name)) continue;
        const own = columns.columns(slot, kind);
        const values = own.columns.slice(0, 2).map((column) => cellAt(column, columns.placeOf[record]!, dictionary));
        const lane = dictionary.lane(laneOf[record]!)?.name;
        found.push(`${lane}: ${kind.name} ${values.join(" ")}`.trim());
      }
    }
    return found;
  }
}

type Step =
  | { readonly type: "switch"; readonly trace: LockRule["trace"] }
  | {
      readonly type: "want" | "give" | "giveUp";
      readonly lane: number;
      readonly lock: number;
      readonly shared: boolean;
    };

const at = { lane: fc.nat(LANES - 1), lock: fc.nat(LOCKS - 1), shared: fc.boolean() };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant("switch" as const), trace: fc.constantFrom(...LOCK_TRACES) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("want" as const), ...at }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("give" as const), ...at }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("giveUp" as const), ...at }) },
);

/** One acquisition, from the moment when it begins. */
interface Acquisition {
  readonly lane: number;
  readonly mode: "shared" | "exclusive";
  readonly recorded: boolean;
}

/** A fair lock as a program of somebody else's has it: no lane takes it twice. */
class FairLock {
  holders: Acquisition[] = [];
  queue: Acquisition[] = [];

  has(lane: number): boolean {
    return [...this.holders, ...this.queue].some((one) => one.lane === lane);
  }

  isFree(mode: "shared" | "exclusive"): boolean {
    return this.holders.length === 0 || (mode === "shared" && this.holders.every((one) => one.mode === "shared"));
  }
}

describe("bare locks that are switched while they are held and waited for", () => {
  test("are recorded acquisition by acquisition, each whole or not at all", () => {
    const run = (steps: readonly Step[]) => {
      const program = new Program();
      const expected: string[] = [];
      let trace: LockRule["trace"] = "on";
      const locks = Array.from({ length: LOCKS }, (_, index) => {
        const { recorder, object, lockClass, places } = program.parts("rwlock", "db", String(index));
        return { name: `db/${index}`, fair: new FairLock(), records: lockRecords(recorder, object, lockClass, places) };
      });
      const tell = ({ lane, mode, recorded }: Acquisition, kind: string, name: string) => {
        if (recorded) expected.push(`lane ${lane}: lock.${kind} ${name} ${mode}`);
      };
      const grant = ({ fair, records, name }: (typeof locks)[number]) => {
        for (let next = fair.queue[0]; next !== undefined && fair.isFree(next.mode); next = fair.queue[0]) {
          fair.queue.shift();
          fair.holders.push(next);
          const { lane, mode } = next;
          program.on(lane, () => records.acquired(mode));
          tell(next, "acquired", name);
        }
      };
      for (const one of steps) {
        if (one.type === "switch") {
          program.switchTo(one.trace);
          trace = one.trace;
          continue;
        }
        const { lane } = one;
        const lock = locks[one.lock]!;
        const { fair, records, name } = lock;
        const mode = one.shared ? "shared" : "exclusive";
        // A lane runs one thing at a time: while it waits it wants nothing else.
        const isWaiting = locks.some((other) => other.fair.queue.some((waiter) => waiter.lane === lane));
        if (one.type === "want" && !isWaiting && !fair.has(lane)) {
          const waits = fair.queue.length > 0 || !fair.isFree(mode);
          const recorded = trace === "on" || trace === "sampled" || (trace === "contention" && waits);
          const wanted = { lane, mode, recorded } as const;
          if (waits) {
            program.on(lane, () => records.wait(mode));
            tell(wanted, "wait", name);
          }
          fair.queue.push(wanted);
          grant(lock);
        } else if (one.type === "give") {
          const held = fair.holders.find((holder) => holder.lane === lane);
          if (held === undefined) continue;
          fair.holders = fair.holders.filter((holder) => holder !== held);
          program.on(lane, () => records.released(held.mode));
          tell(held, "released", name);
          grant(lock);
        } else if (one.type === "giveUp") {
          const waiting = fair.queue.find((waiter) => waiter.lane === lane);
          if (waiting === undefined) continue;
          fair.queue = fair.queue.filter((waiter) => waiter !== waiting);
          program.on(lane, () => records.timedOut(waiting.mode));
          tell(waiting, "timed-out", name);
          grant(lock);
        }
      }
      const byLane = (lines: readonly string[]) =>
        Array.from({ length: LANES }, (_, lane) => lines.filter((line) => line.startsWith(`lane ${lane}:`)));
      expect(byLane(program.recorded())).toEqual(byLane(expected));
    };
    fc.assert(fc.property(fc.array(step, { minLength: 5, maxLength: 120, size: "max" }), run), {
      numRuns: 300,
      seed: 4,
    });
  });

  /** What one lane records while `work` runs on it, without the records of switches. */
  const recordedBy = (work: (program: Program, lock: ReturnType<typeof lockRecords>) => void) => {
    const program = new Program();
    const { recorder, object, lockClass, places } = program.parts("mutex", "db");
    program.on(0, () => work(program, lockRecords(recorder, object, lockClass, places)));
    const lines = program.recorded().filter((line) => !line.includes("lock.tracing"));
    return { lines: lines.map((line) => line.replace(/^lane (\d): lock\.(\S+).*$/, "$1 $2")), lockClass };
  };

  test("belong to their acquisition with all that happens meanwhile", () => {
    const { lines } = recordedBy((program, lock) => {
      lock.acquired("shared");
      program.switchTo("off");
      lock.pinned();
      lock.wait("exclusive");
      lock.upgraded();
      lock.downgraded();
      lock.acquired("shared-recursive");
      lock.asserted("shared-recursive");
      lock.released("shared-recursive");
      lock.asserted("shared");
      lock.released("shared");
      lock.asserted("shared");
      lock.tryFailed();
      lock.destroyed();
    });
    const inner = "acquired pinned wait upgraded downgraded asserted released";
    expect(lines).toEqual(inner.split(" ").map((name) => `0 ${name}`));
  });

  test("go to another lane as they were acquired, and may be given back by another", () => {
    const { lines } = recordedBy((program, lock) => {
      const [, second = 0] = program.lanes;
      lock.acquired();
      program.switchTo("off");
      lock.handedOver({ number: second });
      lock.acquired();
      program.on(1, () => lock.released());
      program.on(2, () => lock.released());
      program.on(2, () => lock.released());
    });
    expect(lines).toEqual(["0 acquired", "0 handed-over", "1 released"]);
  });

  test("that were waited for before a switch stay hidden behind it, alone or not", () => {
    const { lines, lockClass } = recordedBy((program, lock) => {
      program.switchTo("off");
      lock.wait();
      program.switchTo("on");
      lock.acquired();
      lock.released();
      lock.wait();
      lock.timedOut();
    });
    expect(lines).toEqual(["0 wait", "0 timed-out"]);
    expect(lockClass.plain).toBe(true);
  });

  test("that give back what nobody has taken say so where all is recorded, also behind a switch", () => {
    const { lines, lockClass } = recordedBy((program, lock) => {
      lock.released();
      program.switchTo("off");
      lock.released();
      lock.acquired();
      program.switchTo("on");
      lock.released();
      lock.released();
    });
    expect(lines).toEqual(["0 released", "0 released"]);
    expect(lockClass.plain).toBe(true);
  });

  test("cost their lane's place only while they are held, and as many places as there is room for", () => {
    const { lockClass } = recordedBy((program, lock) => {
      program.switchTo("off");
      const lanes = Array.from({ length: 5_000 }, (_, lane) => program.recorder.lane(`more ${lane}`, "task"));
      for (const lane of lanes) program.recorder.on(lane, () => lock.acquired());
      for (let depth = 0; depth < 60; depth++) lock.acquired("shared-recursive");
      program.switchTo("on");
      for (let depth = 0; depth < 60; depth++) lock.released("shared-recursive");
      for (const lane of lanes) program.recorder.on(lane, () => lock.released());
    });
    expect(lockClass.plain).toBe(true);
  });
});

describe("locks of ours that are switched while they are held and waited for", () => {
  /** One lane's records of one lock: acquisitions, each whole, and tries. */
  const WHOLE = /^((wait )?acquired (downgraded )?(released|post) |wait timed-out |try-failed )*$/;

  test("are recorded acquisition by acquisition, each whole or not at all", async () => {
    const work = fc.record({
      lane: fc.nat(LANES - 1),
      what: fc.constantFrom("mutex", "write", "read", "tryRead", "semaphore", "trySemaphore", "late"),
      turns: fc.nat(4),
      trace: fc.option(fc.constantFrom(...LOCK_TRACES), { nil: undefined }),
    });
    const run = async (jobs: readonly (typeof work extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const program = new Program();
      const mutex = new Mutex(program.parts("mutex", "mutex"));
      const rwlock = new RwLock(program.parts("rwlock", "rwlock"));
      const semaphore = new Semaphore(program.parts("semaphore", "semaphore"), 1);
      const take = (what: string) => {
        if (what === "mutex") return mutex.acquire();
        if (what === "late") return mutex.acquire(0).catch(() => undefined);
        if (what === "write") return rwlock.write();
        if (what === "read") return rwlock.read();
        if (what === "tryRead") return rwlock.tryRead();
        return what === "semaphore" ? semaphore.acquire() : semaphore.tryAcquire();
      };
      const lane = async (own: typeof jobs) => {
        for (const { what, turns, trace } of own) {
          const held = await take(what);
          for (let turn = 0; turn < turns; turn++) await null;
          if (trace !== undefined) program.switchTo(trace);
          if (held !== undefined && "downgrade" in held && turns > 2) (held as { downgrade(): void }).downgrade();
          held?.release();
        }
      };
      const lanes = program.lanes.map((number, index) =>
        program.recorder.on(number, () => lane(jobs.filter((job) => job.lane === index))),
      );
      await Promise.all(lanes);
      const lines = program.recorded();
      for (let index = 0; index < LANES; index++) {
        for (const name of ["mutex", "rwlock", "semaphore"]) {
          const own = lines.filter((line) => line.startsWith(`lane ${index}:`) && line.split(" ")[3] === name);
          const events = own.filter((line) => !/tracing|created/.test(line)).map((line) => line.split(/[ .]/)[3]);
          expect(events.map((event) => `${event} `).join("")).toMatch(WHOLE);
        }
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(work, { minLength: 4, maxLength: 60, size: "max" }), run), {
      numRuns: 150,
      seed: 7,
    });
  });
});

describe("a class of locks", () => {
  const off = { class: "d*", trace: "off", oneIn: 1 } as const;

  test("tells of each change, and when its first lock is made, unless all is recorded", () => {
    const program = new Program([off]);
    program.parts("mutex", "db");
    program.parts("mutex", "db");
    program.parts("mutex", "cache");
    program.switchTo("contention");
    program.switchTo("contention");
    program.switchTo("on", "db");
    expect(program.recorded().filter((line) => line.includes("tracing"))).toEqual([
      "main: lock.tracing db off",
      "main: lock.tracing db contention",
      "main: lock.tracing cache contention",
      "main: lock.tracing db on",
      "main: lock.tracing cache on",
    ]);
  });

  test("is switched once the disk takes what tells of locks that are held", () => {
    const program = new Program();
    const { recorder, object, lockClass, places } = program.parts("mutex", "db");
    const lock = lockRecords(recorder, object, lockClass, places);
    lock.acquired();
    program.isFull = true;
    expect(program.classes.follow([{ class: "db", trace: "off", oneIn: 1 }])).toBe(false);
    expect(lockClass.isOn).toBe(true);
    program.isFull = false;
    program.switchTo("off");
    lock.released();
    lock.acquired();
    expect(program.recorded().map((line) => line.split(" ")[1])).toEqual([
      "lock.acquired",
      "lock.tracing",
      "lock.released",
    ]);
  });

  test("samples one acquisition in so many at the mean", () => {
    const program = new Program();
    const lockClass = program.classes.of("db");
    program.classes.follow([{ class: "db", trace: "sampled", oneIn: 50 }]);
    let taken = 0;
    for (let count = 0; count < 200_000; count++) if (lockClass.takes(count % 2 === 0)) taken++;
    // Four standard deviations of the distances are below 4 %.
    expect(taken).toBeGreaterThan(3_840);
    expect(taken).toBeLessThan(4_160);
  });
});
