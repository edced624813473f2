import { block as api } from "@wayward/api";
import { BlockWriter, type Scope, Stage } from "@wayward/block";
import { type Kind, lockAcquired, lockReleased, lockWait, newSessionId, sessionText } from "@wayward/record";

const STEP = 1_000_000n;

export interface LockingOptions {
  /** Tells sessions of one start from each other. */
  readonly seed?: number;
  /** Who knows the locks; `process` by default. */
  readonly scope?: Scope;
  /** Wall time of the session's start, in nanoseconds since 1970. */
  readonly start: bigint;
}

/** A session of lanes that take locks, written block by block; records are 1 ms apart. */
export class Locking {
  readonly id: Uint8Array;
  readonly text: string;
  readonly blocks: Buffer[] = [];
  readonly #writer: BlockWriter;
  readonly #stage = new Stage();
  readonly #lanes = new Map<string, number>();
  readonly #scope: Scope;
  readonly #clock = 7_000_000_000n;
  #records = 0n;

  constructor(name: string, { seed = 0, scope = "process", start }: LockingOptions) {
    this.id = newSessionId(Number(start / STEP) + seed);
    this.text = sessionText(this.id);
    this.#scope = scope;
    const anchor = { clock: this.#clock, wall: start, uncertainty: 10n };
    const description = api.SessionDescription.fromPartial({ name, start: this.#clock, anchor });
    this.#writer = new BlockWriter({ session: this.id, description });
  }

  /** A lane takes both locks in this order, and releases them, `times` over. */
  takes(lane: string, first: string, second: string, times = 1): this {
    for (let time = 0; time < times; time++) {
      for (const lock of [first, second]) this.#add(lane, lockAcquired, lock);
      for (const lock of [second, first]) this.#add(lane, lockReleased, lock);
    }
    return this.#cut();
  }

  /** A lane takes a lock and keeps it. */
  keeps(lane: string, lock: string): this {
    this.#add(lane, lockAcquired, lock);
    return this.#cut();
  }

  /** A lane releases a lock. */
  releases(lane: string, lock: string): this {
    this.#add(lane, lockReleased, lock);
    return this.#cut();
  }

  /** A lane begins to wait for a lock. */
  waits(lane: string, lock: string): this {
    this.#add(lane, lockWait, lock);
    return this.#cut();
  }

  /** Of its own accord, unless told otherwise. */
  end(mark: Omit<api.EndMark, "lastSeq"> = { cause: 0, uncertainMs: 0, exit: "0" }): this {
    return this.#cut(mark);
  }

  /** What each call adds is a block of its own. */
  #cut(end?: Omit<api.EndMark, "lastSeq">): this {
    this.blocks.push(...this.#writer.write(this.#stage, end).map(({ bytes }) => bytes));
    this.#stage.clear();
    return this;
  }

  #add(name: string, kind: Kind, lock: string): void {
    const { dictionary } = this.#writer;
    const lane = this.#lanes.get(name) ?? dictionary.lane({ name, kind: "thread" });
    this.#lanes.set(name, lane);
    const shared = this.#scope === "process" ? {} : { scope: this.#scope, shared: lock };
    const object = dictionary.object({ type: "mutex", class: lock, ...shared });
    const time = this.#clock + this.#records++ * STEP;
    const site = dictionary.site({ function: `${name} takes ${lock}`, file: "a.ts", line: 3 });
    this.#stage.add(dictionary.kind(kind), kind, { lane, time, site }, [object, 0]);
  }
}
