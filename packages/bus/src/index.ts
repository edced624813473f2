export { type EmbeddedBusOptions, openEmbeddedBus } from "./embedded/bus.ts";
export { type JetStreamBusOptions, openJetStreamBus } from "./jetstream/bus.ts";
export { type LeaseOptions, withLease } from "./lease.ts";
export { acceptedChannel, CONTROL, WATERMARKS, watermarkTopic } from "./names.ts";
export { partitionOf } from "./partition.ts";
export type { Address, Bus, BusFacts, BusMessage, BusUsage, Stored, Subscription, Topics, TopicValue } from "./port.ts";
