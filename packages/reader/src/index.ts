export { BlockFilter, type Chosen } from "./filter/block-filter.ts";
export { dropGaps, GapList, sessionGaps } from "./gaps.ts";
export { kindEntry, type RowSource, RowWriter } from "./read/rows.ts";
export { openRun, type Run } from "./read/run.ts";
export { Reader } from "./reader.ts";
export { type SessionTest, sessionTest } from "./selector.ts";
export { type BlockRef, SessionBlocks } from "./snapshot/blocks.ts";
export { Catalogue, type CatalogueOptions, type PartitionPlace, type Snapshot } from "./snapshot/catalogue.ts";
export { offsetOf, type SessionView } from "./snapshot/session.ts";
