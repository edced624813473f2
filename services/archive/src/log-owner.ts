import { randomBytes } from "node:crypto";
import { archive } from "@wayward/api";
import { backoffMs, delay, present, WaywardError } from "@wayward/base";
import { type Bus, watermarkTopic } from "@wayward/bus";
import {
  catchUp,
  encodeCheckpoint,
  forgetCheckpoint,
  type LogAction,
  loadPartition,
  newestCheckpoint,
  noteCheckpoint,
} from "@wayward/chunk";
import { type PartitionKeys, partitionKeys, type Store } from "@wayward/store";
import { nextRetention } from "./core/retention.ts";
import { step } from "./core/step.ts";
import { rangesToTell } from "./core/told.ts";
import type { ArchiveState, Effect, Event, Tally } from "./core/types.ts";
import type { ArchiveEvents } from "./events.ts";
import { findOrphans, findOutdated } from "./orphans.ts";
import { perform } from "./perform.ts";
import { lastEntryBefore, storeNowMs } from "./store-clock.ts";

/** Whose log it is, and what stands around it. */
export interface LogPlace {
  readonly store: Store;
  readonly bus: Bus;
  readonly tenant: string;
  readonly partition: number;
  readonly events: ArchiveEvents;
}

/** After how long something is given up, in milliseconds. */
export interface Ages {
  /** A chunk that no log entry names. */
  readonly orphanMs: number;
  /** A session that has not ended and gets no more blocks. */
  readonly silentMs: number;
}

/** Entries between two checkpoints. */
const CHECKPOINT_ENTRIES = 256n;
/** Chunks that one entry collects: an entry stays small. */
const COLLECT_AT_ONCE = 1_000;

/** Runs one log's core against the store. */
export class LogOwner {
  readonly #place: LogPlace;
  readonly #keys: PartitionKeys;
  readonly #state: ArchiveState;
  /** Sessions without an entry after this one are silent. */
  #silentUpTo = -1n;

  private constructor(place: LogPlace, state: ArchiveState) {
    this.#place = place;
    this.#keys = partitionKeys(place.tenant, place.partition);
    this.#state = state;
  }

  static async load(place: LogPlace): Promise<LogOwner> {
    const log = await loadPartition(place.store, partitionKeys(place.tenant, place.partition));
    return new LogOwner(place, { log, writer: randomBytes(16), task: undefined });
  }

  get log() {
    return this.#state.log;
  }

  /** Resolves when the batch or action is in the log, with what became of the blocks; tries until the signal aborts. */
  async run(first: Extract<Event, { type: "batch" | "append" }>, signal: AbortSignal): Promise<Tally> {
    const { store, partition, events } = this.#place;
    let [, effects] = step(this.#state, first);
    for (let attempt = 0; ; ) {
      const effect = present(effects[0], "effect");
      if (effect.type === "done") {
        await this.#finish(effect);
        return effect.tally;
      }
      let event: Event;
      try {
        event = await perform(store, this.#keys, this.#state, effect);
        attempt = 0;
      } catch (thrown) {
        const error = WaywardError.from(thrown);
        // Broken data does not mend by asking again.
        if (error.code === "DATA_LOSS" || signal.aborted) throw error;
        events.failed(partition, error);
        await delay(backoffMs(attempt++, Math.random()), signal);
        if (signal.aborted) throw error;
        event = { type: "failed" };
      }
      [, effects] = step(this.#state, event);
    }
  }

  /** Takes in what others have written: deletions come from elsewhere. */
  async catchUp(): Promise<void> {
    const { store } = this.#place;
    await catchUp(store, this.#keys, this.log);
  }

  /** Lets the oldest sessions that have ended or are silent go while the log's blocks are over this size, and removes what nobody needs. */
  async retain(keepBytes: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const action = nextRetention(this.log, keepBytes, this.#silentUpTo);
      if (action === undefined || signal.aborted) return;
      await this.#append(action, signal);
      if (action.$case === "expire") this.#place.events.expired(this.#place.partition, action.value.sessions.length);
      if (action.$case === "collect") await this.#remove(action.value.keys, "unneeded");
    }
  }

  /**
   * Removes chunks that no entry names and whose attempt began at least so
   * long ago. An attempt that still wants its chunk finds the entry in its
   * way and stores its blocks under another key. Removes outdated checkpoints
   * and index objects of that age as well. Notes which sessions have
   * been silent for `silentMs`. Both by the store's clock.
   */
  async sweep({ orphanMs, silentMs }: Ages, signal: AbortSignal): Promise<void> {
    const { store } = this.#place;
    const now = await storeNowMs(store, this.#keys.swept);
    this.#silentUpTo = await lastEntryBefore(store, this.#keys, this.log.n, now - silentMs);
    const orphans = await findOrphans(store, this.#keys, this.log, now - orphanMs);
    for (let from = 0; from < orphans.length && !signal.aborted; from += COLLECT_AT_ONCE) {
      const keys = orphans.slice(from, from + COLLECT_AT_ONCE);
      await this.#append({ $case: "collect", value: { keys } }, signal);
      // What another has committed meanwhile is not in the entry, and stays.
      await this.#remove(
        keys.filter((key) => !this.log.holders.has(key)),
        "orphan",
      );
    }
    await store.remove(await findOutdated(store, this.#keys, now - orphanMs));
  }

  #append(action: LogAction, signal: AbortSignal): Promise<Tally> {
    return this.run({ type: "append", action, now: BigInt(Date.now()) * 1_000_000n }, signal);
  }

  /** The entry stands first: whoever reads the log does not look for them any more. */
  async #remove(keys: readonly string[], why: "unneeded" | "orphan"): Promise<void> {
    const { store, partition, events } = this.#place;
    if (keys.length === 0) return;
    await store.remove(keys);
    events.collected(partition, keys.length, why);
  }

  async #finish({ sessions, incarnation, busSeq }: Extract<Effect, { type: "done" }>): Promise<void> {
    const { bus, tenant, partition } = this.#place;
    for (const [text, blocks] of sessions) {
      const found = this.log.sessions.get(text);
      if (found === undefined) continue;
      const value = archive.Watermark.encode({
        session: found.session,
        partition,
        incarnation,
        busSeq,
        ranges: rangesToTell(
          found.committed.toArray(),
          blocks.map(({ seq }) => seq),
        ),
        deleted: found.deleted,
      }).finish();
      await bus.topics.set(watermarkTopic({ tenant, session: text }), value);
    }
    if (this.log.n - this.log.checkpointed >= CHECKPOINT_ENTRIES) await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    const { store } = this.#place;
    // Its index objects are this one's to go on from only if it is ours.
    const ours = this.#keys.checkpoint(this.log.checkpointed);
    if (((await newestCheckpoint(store, this.#keys)) ?? ours) !== ours) forgetCheckpoint(this.log);
    const made = encodeCheckpoint(this.log, this.#keys);
    for (const { key, bytes, sha256 } of made.fresh) await store.put(key, bytes, { sha256 });
    const created = await store.createIfAbsent(this.#keys.checkpoint(this.log.n), made.bytes);
    noteCheckpoint(this.log, made);
    // Another's of the same entry names other objects, which the next one cannot tell from ours.
    if (created === "exists") forgetCheckpoint(this.log);
  }
}
