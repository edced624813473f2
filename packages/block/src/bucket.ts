/**
 * Log-linear buckets: values below 8 have one each, every octave above has
 * eight, so a bucket is at most 12.5 % wide. Bucket numbers go from 0 to 495.
 * (The scheme of HdrHistogram with three significant bits.)
 */
export const BUCKETS = 496;

/** Bucket of a whole number below 2^53. */
export function bucketOf(value: number): number {
  if (value < 8) return value < 0 ? 0 : value;
  if (value < 0x1_0000_0000) {
    const exponent = 31 - Math.clz32(value);
    return ((exponent - 2) << 3) + ((value >>> (exponent - 3)) & 7);
  }
  const high = Math.floor(value / 0x1_0000_0000);
  const exponent = 63 - Math.clz32(high);
  return ((exponent - 2) << 3) + (Math.floor(value / 2 ** (exponent - 3)) & 7);
}

/** Largest value of a bucket. */
export function bucketTop(bucket: number): bigint {
  if (bucket < 8) return BigInt(bucket);
  const exponent = (bucket >> 3) + 2;
  const step = 1n << BigInt(exponent - 3);
  return (1n << BigInt(exponent)) + BigInt((bucket & 7) + 1) * step - 1n;
}
