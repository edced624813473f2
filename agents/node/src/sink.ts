/** Where finished blocks go. Throws if the block could not be kept. */
export interface Sink {
  /** `last` says that nothing will be tried again: a quota no longer counts. */
  append(seq: bigint, bytes: Uint8Array, last: boolean): void;
}
