/** Nanoseconds between two times. Clocks that step back give 0, never a negative duration. */
export function span(start: number, end: number): number {
  return end > start ? end - start : 0;
}
