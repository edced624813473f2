export { StartedWaywardContainer, WaywardContainer } from "./all-in-one.ts";
export { WaywardCluster, type WaywardClusterOptions } from "./cluster.ts";
export type { TlsFiles } from "./doors.ts";
