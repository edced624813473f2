/** Where finished blocks go. Throws if the block could not be kept. */
export interface Sink {
  append(seq: bigint, bytes: Uint8Array): void;
}
