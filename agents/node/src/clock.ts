const now = process.hrtime.bigint;
const scratch = new BigUint64Array(1);

/** The time that `tick` read last: low and high half of its nanoseconds. Valid until the next `tick`. */
export const halves = new Uint32Array(scratch.buffer);

/** Reads CLOCK_MONOTONIC into `halves`, without arithmetic on bigints. */
export function tick(): void {
  scratch[0] = now();
}

/** The time that `tick` read last, in nanoseconds. */
export function ticked(): bigint {
  return scratch[0]!;
}
