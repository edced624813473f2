/** Nanoseconds since 1970, in steps of a microsecond. */
export function wallNow(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}
