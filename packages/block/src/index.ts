export { Block, refusalOf, verifyBlock } from "./block.ts";
export { BUCKETS, bucketOf, bucketTop } from "./bucket.ts";
export { type Cell, cellAt, formatMessage, messageAt, scalarText } from "./cell.ts";
export { type Buffers, ReusedBuffers } from "./coding/buffers.ts";
export { type Ints, isNothing, readInts, writeInts } from "./coding/ints.ts";
export { argumentAt, type Texts, textAt, type Values, valuesAt } from "./coding/texts.ts";
export { Columns, type KindRun, type LaneRun } from "./columns/columns.ts";
export type { Column, KindColumns, Presence } from "./columns/field.ts";
export { isObject } from "./columns/field-builder.ts";
export { addDefinitions } from "./definitions.ts";
export { Dictionary, type Lane, type ObjectEntry, type Site } from "./dictionary/reader.ts";
export { LANE_KINDS, type LaneKind, SCOPES, type Scope } from "./dictionary/tables.ts";
export { DictionaryWriter, type LaneInfo, type ObjectInfo, type SiteInfo } from "./dictionary/writer.ts";
export {
  beginsEpoch,
  digestOf,
  type Envelope,
  epochOf,
  epochRange,
  FORMAT,
  MAGIC,
  parseEnvelope,
  type Sections,
  sealEnvelope,
  sections,
} from "./envelope.ts";
export { LIMITS } from "./limits.ts";
export {
  OPEN_KINDS,
  type OpenEntry,
  type OpenKind,
  type OpenLock,
  type OpenSet,
  openLocks,
  readOpenSet,
} from "./pairing/open-set.ts";
export { FOLD, Pairing, type PairingNames } from "./pairing/pairing.ts";
export { replay, seed } from "./pairing/replay.ts";
export { shownColumns, shownKind } from "./pairing/zone-ends.ts";
export { CAN_PACK, createBudget, SectionReader, SectionWriter } from "./section.ts";
export {
  type FieldValue,
  FLAG,
  HEAD_WORDS,
  isText,
  Layout,
  type RecordHead,
  type Scalar,
  Stage,
  wordsOf,
} from "./stage.ts";
export { bigintAt, numberAt, SummaryColumns } from "./summary/columns.ts";
export { Gather } from "./summary/gather.ts";
export { Histogram } from "./summary/histogram.ts";
export { LazySummary } from "./summary/lazy.ts";
export { MergedRow, MergedTable, mergeSummaries, readSummary } from "./summary/section.ts";
export {
  DIMENSION,
  DIMENSIONS,
  type Dimension,
  type Summary,
  type SummaryRow,
  type SummaryTable,
  TOP_ENTRIES,
  type TopEntry,
} from "./summary/tables.ts";
export { Words64 } from "./words.ts";
export { BlockWriter, type BlockWriterOptions, type WrittenBlock } from "./writer.ts";
