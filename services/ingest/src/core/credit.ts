/** What one stream has on its way to the bus. */
export interface Credit {
  readonly blocks: number;
  readonly bytes: number;
}

export const NOTHING: Credit = { blocks: 0, bytes: 0 };

/** What one stream may have unanswered. A few commits of the bus at full rate. */
export const STREAM_CREDIT: Credit = { blocks: 64, bytes: 16 * 1024 * 1024 };

/** What all streams of a process may have unanswered; beyond it nothing is read from any. */
export const PROCESS_BYTES_MAX = 96 * 1024 * 1024;

export function charge(credit: Credit, bytes: number): Credit {
  return { blocks: credit.blocks + 1, bytes: credit.bytes + bytes };
}

export function release(credit: Credit, bytes: number): Credit {
  return { blocks: credit.blocks - 1, bytes: credit.bytes - bytes };
}

/** True if a block of this size goes beyond what the stream was given. One block is always taken. */
export function exceeds(credit: Credit, bytes: number): boolean {
  if (credit.blocks === 0) return false;
  return credit.blocks >= STREAM_CREDIT.blocks || credit.bytes + bytes > STREAM_CREDIT.bytes;
}
