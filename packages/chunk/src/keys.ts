/** Where one partition's log is; whoever keeps it says so. */
export interface LogKeys {
  /** Prefix of the checkpoints, whose order is that of their numbers. */
  readonly checkpoints: string;
  entry(n: bigint): string;
  /** Ended sessions that checkpoints refer to, by the hash of their bytes. */
  index(sha256: Uint8Array): string;
}
