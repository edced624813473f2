import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import {
  jobEnqueue,
  jobFinish,
  jobStart,
  type Kind,
  lockAcquired,
  lockReleased,
  lockWait,
  logMessage,
  memoryAlloc,
  memoryFree,
  newSessionId,
  type SessionId,
  zoneBegin,
  zoneEnd,
} from "@wayward/record";

const LANES = 16;
const CHANNEL = "server.http";
const HEAP = "main";
const QUEUE = "orders";
const ZONES = ["parse request", "authorize", "load cart", "render", "query orders", "commit", "serialize", "flush"];
const LOCKS = ["pool", "cache", "session map", "inventory", "log sink", "index"];
const FORMATS = ["loaded {} rows from {}", "cart of {} has {} items", "retry {} of {}", "user {} signed in from {}"];
const TABLES = ["orders", "customers", "items", "stock"];

/** Every name in a mix. */
export const MIX_NAMES = {
  lanes: Array.from({ length: LANES }, (_, lane) => `worker-${lane}`),
  zones: ZONES,
  formats: FORMATS,
  objects: [...LOCKS, HEAP, QUEUE],
  channels: [CHANNEL],
  tables: TABLES,
} as const;

/** Where every mix begins: on its clock, and since 1970; in nanoseconds. */
export const MIX_CLOCK = { start: 1_000_000_000n, wall: 1_760_000_000_000_000_000n } as const;

/** Hears of each record as it is made; `values` stand in the order of the kind's fields. */
export type See = (
  kind: Kind,
  lane: number,
  time: bigint,
  values: Parameters<Stage["add"]>[3],
  site: number | undefined,
) => void;

export interface MixOptions {
  /** 60 % log, 25 % zone, 8 % lock, 4 % memory, 3 % job instead. */
  readonly logHeavy?: boolean;
  readonly see?: See;
}

/** Of 1000 steps: those below are zones, locks, logs, memory; the rest jobs. A lock's step makes 2.1 records, a job's 3. */
const USUAL_STEPS = [697, 806, 922, 980] as const;
const LOG_HEAVY_STEPS = [267, 307, 947, 989] as const;

/**
 * Seeded records of one session: 60 % zone, 20 % lock, 10 % log with two
 * arguments, 5 % memory, 5 % job, on 16 lanes, with jitter.
 */
export class Mix {
  readonly session: SessionId;
  readonly writer: BlockWriter;
  readonly #stage = new Stage(1 << 20);
  readonly #number = new Map<Kind, number>();
  readonly #lanes: number[];
  readonly #zones: number[];
  readonly #locks: number[];
  readonly #sites: number[];
  readonly #channel: number;
  readonly #heap: number;
  readonly #queue: number;
  readonly #depth = new Uint8Array(LANES);
  readonly #steps: readonly [number, number, number, number];
  readonly #see: See | undefined;
  #staging = true;
  #made = 0;
  #seed: number;
  #time = MIX_CLOCK.start;
  #job = 0;

  constructor(seed: number, { logHeavy = false, see }: MixOptions = {}) {
    this.#steps = logHeavy ? LOG_HEAVY_STEPS : USUAL_STEPS;
    this.#see = see;
    this.#seed = seed * 2654435761 + 1;
    this.session = newSessionId(1_760_000_000_000 + seed);
    const start = this.#time;
    const anchor = { clock: start, wall: MIX_CLOCK.wall, uncertainty: 1000n };
    const description = api.SessionDescription.fromPartial({ name: `mix-${seed}`, host: "bench", start, anchor });
    this.writer = new BlockWriter({ session: this.session, description });
    const { dictionary } = this.writer;
    this.#lanes = MIX_NAMES.lanes.map((name) => dictionary.lane({ name, kind: "thread" }));
    this.#zones = ZONES.map((text) =>
      dictionary.site({ function: text, file: "src/server.ts", line: text.length * 7, text }),
    );
    this.#locks = LOCKS.map((name) => dictionary.object({ type: "mutex", class: name }));
    this.#sites = FORMATS.map((text) =>
      dictionary.site({ function: "log", file: "src/log.ts", line: text.length, text }),
    );
    this.#channel = dictionary.string(CHANNEL);
    this.#heap = dictionary.object({ type: "heap", class: HEAP });
    this.#queue = dictionary.object({ type: "queue", class: QUEUE });
  }

  /** The names behind the numbers that `see` hears: lanes, sites (zones, then formats), objects. */
  get numbers(): {
    readonly lanes: readonly number[];
    readonly sites: readonly number[];
    readonly objects: readonly number[];
  } {
    return {
      lanes: this.#lanes,
      sites: [...this.#zones, ...this.#sites],
      objects: [...this.#locks, this.#heap, this.#queue],
    };
  }

  /** The next block with about so many records; texts of a log-heavy mix fill it at 8,000. */
  block(records: number): { readonly bytes: Buffer; readonly records: number } {
    this.#stage.clear();
    this.#make(records, true);
    const blocks = this.writer.write(this.#stage);
    if (blocks.length !== 1) throw new Error(`${blocks.length} blocks of ${records} records`);
    return { bytes: blocks[0]!.bytes, records: blocks[0]!.recordCount };
  }

  /** Goes through the records that the next block would hold, for `see` only; tells how many they are. */
  skip(records: number): number {
    return this.#make(records, false);
  }

  #make(records: number, staging: boolean): number {
    this.#staging = staging;
    this.#made = 0;
    while (this.#made < records) this.#step();
    return this.#made;
  }

  #step(): void {
    const index = this.#random(LANES);
    const lane = this.#lanes[index]!;
    const dice = this.#random(1000);
    const [zones, locks, logs, memory] = this.#steps;
    if (dice < zones) {
      const depth = this.#depth[index]!;
      if (depth > 0 && (depth > 5 || this.#random(2) === 0)) {
        this.#depth[index]!--;
        this.#add(zoneEnd, lane, []);
      } else {
        this.#depth[index]!++;
        this.#add(zoneBegin, lane, [], this.#zones[this.#random(ZONES.length)]);
      }
    } else if (dice < locks) {
      const lock = this.#locks[this.#random(LOCKS.length)];
      if (this.#random(8) === 0) this.#add(lockWait, lane, [lock, 0]);
      this.#add(lockAcquired, lane, [lock, 0]);
      this.#add(lockReleased, lane, [lock, 0]);
    } else if (dice < logs) {
      const args = [this.#random(10_000), TABLES[this.#random(TABLES.length)]!];
      this.#add(
        logMessage,
        lane,
        [2 + this.#random(3), this.#channel, args],
        this.#sites[this.#random(FORMATS.length)],
      );
    } else if (dice < memory) {
      const address = BigInt(this.#random(1 << 20)) * 64n;
      if (this.#random(2) === 0) this.#add(memoryAlloc, lane, [this.#heap, address, 16 << this.#random(10)]);
      else this.#add(memoryFree, lane, [this.#heap, address]);
    } else {
      this.#job++;
      this.#add(jobEnqueue, lane, [this.#queue, this.#job, this.#random(30), undefined]);
      this.#add(jobStart, lane, [this.#queue, this.#job, undefined]);
      this.#add(jobFinish, lane, [this.#queue, this.#job, 0]);
    }
  }

  #add(kind: Kind, lane: number, values: Parameters<Stage["add"]>[3], site?: number): void {
    this.#time += BigInt(80 + this.#random(400));
    this.#made++;
    this.#see?.(kind, lane, this.#time, values, site);
    if (!this.#staging) return;
    let number = this.#number.get(kind);
    if (number === undefined) {
      number = this.writer.dictionary.kind(kind);
      this.#number.set(kind, number);
    }
    this.#stage.add(number, kind, { lane, time: this.#time, site }, values);
  }

  #random(most: number): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) & 0x7fffffff;
    return (this.#seed >>> 8) % most;
  }
}
