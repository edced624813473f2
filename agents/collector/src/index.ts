export { type Collected, type CollectOptions, collect } from "./collect.ts";
export { Pusher, type PusherOptions } from "./push/pusher.ts";
export { Spool, type SpoolOptions } from "./spool/spool.ts";
