/** Bounds of a block. A decoder refuses what is beyond; raising one needs a new format version. */
export const LIMITS = {
  /** Records in a block. Record positions fit 16 bits and a block decodes in a few milliseconds. */
  records: 65_536,
  /** Payload bytes. Leaves room for envelope and subject in JetStream's default message of 1 MiB. */
  payloadBytes: 768 * 1024,
  /** Unpacked bytes of all streams. No limit on the ratio: equal records compress past any. */
  unpackedBytes: 16 * 1024 * 1024,
  /** A text or bytes value; longer ones are cut and keep their full length. */
  valueBytes: 64 * 1024,
  /** Header bytes: a description with 64 labels of full length fits. */
  headerBytes: 64 * 1024,
  /** A whole serialised block: header, payload and the envelope's tags. */
  blockBytes: 768 * 1024 + 64 * 1024 + 32,
  /** Blocks of an epoch: whoever reads a block needs at most the dictionaries of the 63 before it. */
  epochBlocks: 64,
  /** Rows of one summary table, and entries of the open set. */
  summaryRows: 4_096,
  openEntries: 4_096,
} as const;
