/** The values of a metric in the Prometheus text format, one for each of its labels. */
export function valuesOf(text: string, name: string): number[] {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
}

/** A metric's values by partition. */
export function byPartition(text: string, name: string): Map<number, number> {
  const lines = text.matchAll(new RegExp(`^${name}\\{[^}]*partition="(\\d+)"[^}]*\\} (\\S+)$`, "gm"));
  return new Map([...lines].map(([, partition, value]) => [Number(partition), Number(value)]));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
