import { delay } from "@wayward/base";

const MOST_TRIES = 200;
const EVERY_MS = 50;

/**
 * Does it again until nothing is thrown, for some ten seconds. So do the
 * services: a cluster that has a leader may still refuse for a moment.
 */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await delay(EVERY_MS);
    }
  }
}
