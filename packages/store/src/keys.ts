/** Where things are in the store. Numbers have 20 digits, so that text order is their order. */
export const LAYOUT_KEY = "v1/layout";

/** Everything of one partition of one tenant. */
export function partitionPrefix(tenant: string, partition: number): string {
  return `v1/t/${tenant}/p/${partition}/`;
}

/** All chunks, committed or not. */
export function chunkPrefix(tenant: string, partition: number): string {
  return `${partitionPrefix(tenant, partition)}c/`;
}

/** Written before each look for orphans: when it was modified tells what time it is by the store's clock. */
export function sweptKey(tenant: string, partition: number): string {
  return `${partitionPrefix(tenant, partition)}swept`;
}

/** A chunk; `attempt` is unique for each attempt to write one. */
export function chunkKey(tenant: string, partition: number, attempt: string): string {
  return chunkPrefix(tenant, partition) + attempt;
}

export function logPrefix(tenant: string, partition: number): string {
  return `${partitionPrefix(tenant, partition)}log/`;
}

export function logKey(tenant: string, partition: number, n: bigint): string {
  return logPrefix(tenant, partition) + digits(n);
}

export function checkpointPrefix(tenant: string, partition: number): string {
  return `${partitionPrefix(tenant, partition)}ckpt/`;
}

export function checkpointKey(tenant: string, partition: number, n: bigint): string {
  return checkpointPrefix(tenant, partition) + digits(n);
}

/** Ended sessions that checkpoints refer to. */
export function indexPrefix(tenant: string, partition: number): string {
  return `${partitionPrefix(tenant, partition)}idx/`;
}

/** A block that was put aside. */
export function deadLetterKey(tenant: string, partition: number, session: string, seq: bigint, digest: string): string {
  return `${partitionPrefix(tenant, partition)}dlq/${session}/${digits(seq)}-${digest}`;
}

/** Small state of a tenant that a lost bus is refilled from; `topic` is the part of its name behind the tenant. */
export function stateKey(tenant: string, family: string, topic: string): string {
  return `${statePrefix(tenant, family)}${topic}`;
}

export function statePrefix(tenant: string, family: string): string {
  return `v1/t/${tenant}/state/${family}/`;
}

function digits(n: bigint): string {
  return n.toString().padStart(20, "0");
}
