/**
 * How long to wait before try number `attempt` (from 0): doubling from
 * `firstMs` to at most `mostMs`, the upper half of it spread by `random`
 * (0 to 1) so that many waiters do not come back together.
 */
export function backoffMs(attempt: number, random: number, firstMs = 50, mostMs = 5_000): number {
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}
