export { addressOf, checkAddress, type Target } from "./address.ts";
export type { Analyzed, ClientFinding, ClientTable } from "./analysis.ts";
export type { Answer } from "./answer.ts";
export { combine } from "./combine.ts";
export {
  type AnalyzeOptions,
  Client,
  type ConnectOptions,
  type CountOptions,
  connect,
  type ReadOptions,
} from "./connect.ts";
export type { ControlTopic } from "./control.ts";
export { isServing } from "./health.ts";
export { type ClientRecord, compareRecords, type FieldValue, type Site } from "./record.ts";
export { filterOf, type Selection, selectorOf } from "./selection.ts";
export { type Seen, Watch, type WatchOptions } from "./watch.ts";
