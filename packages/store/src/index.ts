export * from "./keys.ts";
export { ensureLayout, readLayout } from "./layout.ts";
export { openStore, parseStoreUrl, type StorePlace } from "./open.ts";
export type { Body, ByteRange, ListedObject, Store, StoredObject } from "./port.ts";
export { testStore } from "./self-test.ts";
