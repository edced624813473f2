/*
 * Where things are in the store: all keys are made here. Numbers have 20
 * digits, so that text order is their order.
 */
export const LAYOUT_KEY = "v1/layout";

/** Each tenant's keys are below its name, here. */
export const TENANTS_PREFIX = "v1/t/";

/** What a look at what the store promises writes, and removes. */
export const SELF_TEST_PREFIX = "v1/selftest/";

/** Everything of one tenant. */
export function tenantPrefix(tenant: string): string {
  return `${TENANTS_PREFIX}${tenant}/`;
}

/** Keys of one partition of one tenant; what is plural is a prefix. */
export interface PartitionKeys {
  /** All chunks, committed or not. */
  readonly chunks: string;
  /** `attempt` is unique for each attempt to write one. */
  chunk(attempt: string): string;
  readonly entries: string;
  /** Log entry `n`. */
  entry(n: bigint): string;
  readonly checkpoints: string;
  /** The checkpoint behind log entry `n`. */
  checkpoint(n: bigint): string;
  /** Ended sessions that checkpoints refer to. */
  readonly indexes: string;
  index(sha256: Uint8Array): string;
  /** A block that was put aside; `digest` in hex. */
  deadLetter(session: string, seq: bigint, digest: string): string;
  /** Written before each look for orphans: when it was modified tells what time it is by the store's clock. */
  readonly swept: string;
}

export function partitionKeys(tenant: string, partition: number): PartitionKeys {
  const prefix = `${tenantPrefix(tenant)}p/${partition}/`;
  const [chunks, entries, checkpoints, indexes] = [`${prefix}c/`, `${prefix}log/`, `${prefix}ckpt/`, `${prefix}idx/`];
  return {
    chunks,
    chunk: (attempt) => chunks + attempt,
    entries,
    entry: (n) => entries + digits(n),
    checkpoints,
    checkpoint: (n) => checkpoints + digits(n),
    indexes,
    index: (sha256) => indexes + Buffer.from(sha256).toString("hex"),
    deadLetter: (session, seq, digest) => `${prefix}dlq/${session}/${digits(seq)}-${digest}`,
    swept: `${prefix}swept`,
  };
}

/** Small state of a tenant that a lost bus is refilled from; `topic` is the part of its name behind the tenant. */
export function stateKey(tenant: string, family: string, topic: string): string {
  return `${statePrefix(tenant, family)}${topic}`;
}

export function statePrefix(tenant: string, family: string): string {
  return `${tenantPrefix(tenant)}state/${family}/`;
}

function digits(n: bigint): string {
  return n.toString().padStart(20, "0");
}
