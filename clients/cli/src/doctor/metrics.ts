/** The values of a metric in the Prometheus text format, one for each of its labels. */
export function valuesOf(text: string, name: string): number[] {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
}

/** A metric's values by partition. */
export function byPartition(text: string, name: string): Map<number, number> {
  return new Map([...byLabel(text, name, "partition")].map(([partition, value]) => [Number(partition), value]));
}

/** A metric's values by one of its labels. */
export function byLabel(text: string, name: string, label: string): Map<string, number> {
  const lines = text.matchAll(new RegExp(`^${name}\\{[^}]*\\b${label}="([^"]*)"[^}]*\\} (\\S+)$`, "gm"));
  return new Map([...lines].map(([, of, value]) => [of!, Number(value)]));
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
