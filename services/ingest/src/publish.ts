import { WaywardError } from "@wayward/base";
import { type Bus, partitionOf, type Stored } from "@wayward/bus";
import type { Event, Pushed } from "./core/types.ts";
import type { IngestEvents } from "./events.ts";
import { wallNow } from "./wall.ts";

/** Hands the same bytes to the bus, and tells what became of them: what the bus did not take is an event too. */
export function publish(bus: Bus, block: Pushed, events: IngestEvents, tell: (event: Event) => void): void {
  const partition = partitionOf(block.session, bus.partitions);
  const begun = performance.now();
  const stored = ({ busSeq, incarnation }: Stored) => {
    events.accepted(block.bytes.length, performance.now() - begun);
    tell({ type: "stored", block, place: { partition, incarnation, busSeq }, now: wallNow() });
  };
  const notStored = (error: unknown) => {
    events.notPublished(error);
    tell({ type: "not-stored", block, message: WaywardError.from(error).message });
  };
  // One step behind the bus's own answer: each further one is a turn that the pusher waits.
  bus.publish(partition, { tenant: block.tenant, session: block.sessionText }, block.bytes).then(stored, notStored);
}
