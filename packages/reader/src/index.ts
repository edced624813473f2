export { coverageOf } from "./coverage.ts";
export { BlockFilter, type Chosen } from "./filter/block-filter.ts";
export { dropGaps, expiredGap, GapList, sessionGaps } from "./gaps.ts";
export { type Loss, Losses } from "./losses.ts";
export { type Cursor, decodeCursor, encodeCursor, type SessionRanges, type UnderWay } from "./place/cursor.ts";
export { questionHash } from "./place/token.ts";
export { cursorQuestion } from "./read/in-arrival.ts";
export { rangesOfPlaces } from "./read/place-ranges.ts";
export { kindEntry, type RowSource, RowWriter } from "./read/rows.ts";
export { chooseRun, type Run, tellDrops, tellUnknown } from "./read/run.ts";
export { Reader } from "./reader.ts";
export { type SessionTest, sessionTest } from "./selector.ts";
export { type BlockRef, SessionBlocks } from "./snapshot/blocks.ts";
export {
  Catalogue,
  type CatalogueMemory,
  type CatalogueOptions,
  type PartitionPlace,
  type Snapshot,
} from "./snapshot/catalogue.ts";
export { offsetOf, type SessionView } from "./snapshot/session.ts";
export { bytesPending, type SessionStateName, stateOf } from "./snapshot/state.ts";
