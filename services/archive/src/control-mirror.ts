import { backoffMs, delay } from "@wayward/base";
import { type Bus, CONTROL } from "@wayward/bus";
import { type Store, stateKey, statePrefix } from "@wayward/store";
import type { ArchiveEvents } from "./events.ts";
import { tenantsOf } from "./tenants.ts";

export interface MirrorPlace {
  readonly bus: Bus;
  readonly store: Store;
  readonly events: ArchiveEvents;
}

/**
 * Keeps a copy of the control topics in the store until the signal aborts,
 * and sets anew from there what a bus lacks. A watch ends when the topics are
 * made anew, so a lost bus is refilled at once. Any number may do it at the
 * same time.
 */
export async function mirrorControl(place: MirrorPlace, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await refill(place);
      for await (const { name } of place.bus.topics.watch(CONTROL, signal)) {
        await keep(place, name);
        attempt = 0;
      }
    } catch (error) {
      if (signal.aborted) return;
      place.events.mirrorFailed(error);
    }
    await delay(backoffMs(attempt, Math.random()), signal);
  }
}

/** What the bus has is newer than the store's copy and stays. */
async function refill({ bus, store, events }: MirrorPlace): Promise<void> {
  for (const tenant of await tenantsOf(store)) {
    const prefix = statePrefix(tenant, CONTROL);
    for await (const { key } of store.list(prefix)) {
      const topic = `${CONTROL}/${tenant}/${key.slice(prefix.length)}`;
      if ((await bus.topics.get(topic)) !== undefined) continue;
      const kept = await store.get(key);
      if (kept === undefined || (await bus.topics.set(topic, kept.bytes, 0n)) === "changed") continue;
      events.refilled(topic);
    }
  }
}

/** The copy is read before the topic: one that is older than another's copy is refused and made anew. */
async function keep({ bus, store }: MirrorPlace, name: string): Promise<void> {
  const [, tenant = "", ...rest] = name.split("/");
  const key = stateKey(tenant, CONTROL, rest.join("/"));
  for (;;) {
    const kept = await store.get(key);
    const topic = await bus.topics.get(name);
    if (topic === undefined || (kept !== undefined && Buffer.compare(kept.bytes, topic.value) === 0)) return;
    if (kept === undefined) {
      if ((await store.createIfAbsent(key, topic.value)) === "created") return;
    } else if ((await store.replaceIfMatch(key, topic.value, kept.etag)) !== "changed") return;
  }
}
