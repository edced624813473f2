import { randomBytes } from "node:crypto";
import { archive } from "@wayward/api";
import { backoffMs, delay, present, WaywardError } from "@wayward/base";
import type { Bus } from "@wayward/bus";
import { encodeCheckpoint, loadPartition } from "@wayward/chunk";
import { checkpointKey, partitionPrefix, type Store } from "@wayward/store";
import { nextRetention } from "./core/retention.ts";
import { step } from "./core/step.ts";
import type { ArchiveState, Event } from "./core/types.ts";
import { perform } from "./perform.ts";

/** Entries between two checkpoints. */
const CHECKPOINT_ENTRIES = 256n;

/** Runs one log's core against the store. */
export class LogOwner {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #tenant: string;
  readonly #partition: number;
  readonly #warn: (message: string) => void;
  readonly #state: ArchiveState;
  #checkpointed: bigint;

  private constructor(
    store: Store,
    bus: Bus,
    tenant: string,
    partition: number,
    warn: (message: string) => void,
    state: ArchiveState,
  ) {
    this.#store = store;
    this.#bus = bus;
    this.#tenant = tenant;
    this.#partition = partition;
    this.#warn = warn;
    this.#state = state;
    this.#checkpointed = state.log.n;
  }

  static async load(
    store: Store,
    bus: Bus,
    tenant: string,
    partition: number,
    warn: (message: string) => void,
  ): Promise<LogOwner> {
    const log = await loadPartition(store, partitionPrefix(tenant, partition));
    return new LogOwner(store, bus, tenant, partition, warn, { log, writer: randomBytes(16), task: undefined });
  }

  get log() {
    return this.#state.log;
  }

  /** Resolves when the batch or action is in the log; tries until the signal aborts. */
  async run(first: Extract<Event, { type: "batch" | "append" }>, signal: AbortSignal): Promise<void> {
    const prefix = partitionPrefix(this.#tenant, this.#partition);
    let [, effects] = step(this.#state, first);
    for (let attempt = 0; ; ) {
      const effect = present(effects[0], "effect");
      if (effect.type === "done") return await this.#finish(effect.sessions, effect.incarnation, effect.busSeq);
      let event: Event;
      try {
        event = await perform(this.#store, prefix, this.#state, effect);
        attempt = 0;
      } catch (thrown) {
        const error = WaywardError.from(thrown);
        // Broken data does not mend by asking again.
        if (error.code === "DATA_LOSS") throw error;
        this.#warn(`archive: partition ${this.#partition}: ${error.message}; trying again`);
        await delay(backoffMs(attempt++, Math.random()), signal);
        if (signal.aborted) throw error;
        event = { type: "failed" };
      }
      [, effects] = step(this.#state, event);
    }
  }

  /** Lets the oldest ended sessions go while the log's blocks are over this size, and removes what nobody needs. */
  async retain(keepBytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const action = nextRetention(this.log, keepBytes);
      if (action === undefined || signal.aborted) return;
      await this.run({ type: "append", action, now: BigInt(Date.now()) * 1_000_000n }, signal);
      // The entry stands first: whoever reads the log does not look for them any more.
      if (action.$case === "collect") await this.#store.remove(action.value.keys);
    }
  }

  async #finish(sessions: readonly string[], incarnation: string, busSeq: bigint): Promise<void> {
    for (const text of sessions) {
      const found = this.log.sessions.get(text);
      if (found === undefined) continue;
      const value = archive.Watermark.encode({
        session: found.session,
        partition: this.#partition,
        incarnation,
        busSeq,
        ranges: found.committed.toArray(),
        deleted: found.deleted,
      }).finish();
      await this.#bus.topics.set(`watermark/${text}`, value);
    }
    if (this.log.n - this.#checkpointed >= CHECKPOINT_ENTRIES) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    const { bytes, indexes } = encodeCheckpoint(this.log, partitionPrefix(this.#tenant, this.#partition));
    for (const index of indexes) await this.#store.put(index.key, index.bytes, { sha256: index.sha256 });
    await this.#store.createIfAbsent(checkpointKey(this.#tenant, this.#partition, this.log.n), bytes);
    this.#checkpointed = this.log.n;
  }
}
