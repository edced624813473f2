import { WaywardError } from "@wayward/base";
import { type Bus, partitionOf } from "@wayward/bus";
import type { Event, Pushed } from "./core/types.ts";
import type { IngestEvents } from "./events.ts";
import { wallNow } from "./wall.ts";

/** Hands the same bytes to the bus. Never rejects: what the bus did not take is an event too. */
export async function publish(bus: Bus, block: Pushed, events: IngestEvents): Promise<Event> {
  const partition = partitionOf(block.session, bus.partitions);
  try {
    const address = { tenant: block.tenant, session: block.sessionText };
    const { busSeq, incarnation } = await bus.publish(partition, address, block.bytes);
    events.accepted(block.bytes.length);
    return { type: "stored", block, place: { partition, incarnation, busSeq }, now: wallNow() };
  } catch (error) {
    events.notPublished(error);
    return { type: "not-stored", block, message: WaywardError.from(error).message };
  }
}
