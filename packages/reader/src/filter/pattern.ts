/** A test for names with `*` for any characters. */
function matcher(pattern: string): (name: string) => boolean {
  if (!pattern.includes("*")) return (name) => name === pattern;
  const parts = pattern.split("*");
  return (name) => matches(name, parts);
}

/** True if any of the patterns fits; without patterns everything does. */
export function anyMatcher(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map(matcher);
  return (name) => tests.length === 0 || tests.some((test) => test(name));
}

/** Each part after the other, the first at the begin, the last at the end; linear, so no pattern is slow. */
function matches(name: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
