/** `1 block`, `2 blocks`: how many, in words that fit. */
export function countText(number: number | bigint, what: string): string {
  return `${number} ${what}${BigInt(number) === 1n ? "" : "s"}`;
}
