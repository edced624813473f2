/** Wall time and the finer clock go apart by less than this unless one was set or the host slept: Date.now() has steps of 1 ms. */
const APART_MS = 5;

let origin = performance.timeOrigin;

/** Nanoseconds since 1970, in steps of a microsecond; within 5 ms of the system's wall time, also after it was set. */
export function wallNow(): bigint {
  const sinceOrigin = performance.now();
  // The middle of the millisecond that Date.now() is in.
  const wall = Date.now() + 0.5;
  if (Math.abs(origin + sinceOrigin - wall) > APART_MS) origin = wall - sinceOrigin;
  return BigInt(Math.round((origin + sinceOrigin) * 1000)) * 1000n;
}
