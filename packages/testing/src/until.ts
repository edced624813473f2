import { delay } from "@wayward/base";

/** Asks `isSo` every `everyMs` until it is. Throws after `withinMs`. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  { withinMs = 300_000, everyMs = 500 } = {},
): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > withinMs) throw new Error(`${what}: not after ${withinMs / 1000} s`);
    await delay(everyMs);
  }
}
