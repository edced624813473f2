export type { Child } from "./adopt.ts";
export { type Collected, type CollectedSession, type CollectOptions, collect } from "./collect.ts";
export { collectCommand } from "./collect-command.ts";
export { lossValues } from "./last-block.ts";
export { Pusher, type PusherOptions, type ServerState } from "./push/pusher.ts";
export type { ControlValue, ControlValues } from "./spool/control.ts";
export type { Loss, Untold } from "./spool/losses.ts";
export { Spool, type SpoolOptions } from "./spool/spool.ts";
export { type Waiting, waitingBlocks, waitingOfDead, waitingOfThreads } from "./spool/waiting.ts";
