let wrong = 0;

/** Prints what was looked at, what was found, and what is wrong with it. */
export function row(what: string, facts: string, problems: readonly (string | false)[]): void {
  const found = problems.filter((problem) => problem !== false);
  wrong += found.length;
  const said = found.length === 0 ? "ok" : `WRONG: ${found.join("; ")}`;
  process.stdout.write(`${what.padEnd(26)}${facts.padEnd(80)} ${said}\n`);
}

/** How many things were wrong so far. */
export function wrongRows(): number {
  return wrong;
}

/** Seconds since `begun`, a reading of performance.now(). */
export function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1000;
}
