/** A point in time or a span, in nanoseconds. Never a `number`: that is exact only up to 104 days. */
export type Ns = bigint & { readonly __unit: "ns" };

export const ZERO_NS: Ns = ns(0n);

/** Takes a bigint as nanoseconds. The only place where the brand is given. */
export function ns(value: bigint): Ns {
  return value as Ns;
}

export function nsFromMs(ms: number): Ns {
  return ns(BigInt(Math.round(ms * 1e6)));
}

/** Milliseconds, rounded to the nearest representable fraction. Loses precision above 104 days. */
export function msFromNs(value: bigint): number {
  return Number(value) / 1e6;
}

/** A duration as a person reads it: `1.53 ms`, `12.0 s`. Three significant digits. */
export function formatDuration(value: bigint): string {
  const size = value < 0n ? -value : value;
  if (size < 1_000n) return `${value} ns`;
  if (size < 1_000_000n) return `${scaled(value, 1e3)} µs`;
  if (size < 1_000_000_000n) return `${scaled(value, 1e6)} ms`;
  return `${scaled(value, 1e9)} s`;
}

function scaled(value: bigint, unit: number): string {
  const number = Number(value) / unit;
  const whole = Math.abs(number);
  return number.toFixed(whole < 10 ? 2 : whole < 100 ? 1 : 0);
}

/** Wall time as ISO 8601 in UTC with all nine digits of the second. */
export function formatWall(wall: bigint): string {
  const ms = wall / 1_000_000n;
  const rest = (wall % 1_000_000n).toString().padStart(6, "0");
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${rest}Z`;
}
