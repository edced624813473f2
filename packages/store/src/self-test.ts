import { randomBytes } from "node:crypto";
import { WaywardError } from "@wayward/base";
import { SELF_TEST_PREFIX } from "./keys.ts";
import type { Store } from "./port.ts";

/** How many writers race for one key. */
const RACERS = 4;
/** Races until one has a winner. */
const TRIES = 3;

/**
 * Proves, on a key of its own, that the store keeps the promises on which
 * exactly-once rests: of racing creators one wins, of racing replacers with
 * one etag one wins, and a lost race changes nothing. Throws
 * FAILED_PRECONDITION / STORE_NOT_CONDITIONAL otherwise.
 */
export async function testStore(store: Store): Promise<void> {
  const key = `${SELF_TEST_PREFIX}${randomBytes(12).toString("hex")}`;
  try {
    const created = await creation(store, key);
    const winners = created.filter((outcome) => outcome === "created").length;
    if (winners !== 1) throw unfit(store, `${winners} of ${RACERS} writers created one key (If-None-Match: *)`);
    const object = await store.get(key);
    if (object?.bytes[0] !== created.indexOf("created")) throw unfit(store, "a lost creation changed the object");

    const etag = object.etag;
    const replaced = await race((racer) => store.replaceIfMatch(key, Buffer.of(100 + racer), etag));
    const changes = replaced.filter((outcome) => outcome !== "changed").length;
    if (changes !== 1) throw unfit(store, `${changes} of ${RACERS} writers replaced one version (If-Match)`);
    if ((await store.replaceIfMatch(key, Buffer.of(200), etag)) !== "changed") {
      throw unfit(store, "an old version was replaced (If-Match)");
    }
  } finally {
    await store.remove([key]);
  }
}

/**
 * A race for a key that has no object. One without a winner breaks no promise
 * and is run again: versitygw answers all with a conflict when another
 * service's test ends meanwhile and removes the folder that both are in.
 */
async function creation(store: Store, key: string): Promise<("created" | "exists")[]> {
  for (let tries = 1; ; tries++) {
    const outcomes = await race((racer) => store.createIfAbsent(key, Buffer.of(racer)));
    if (outcomes.includes("created") || tries === TRIES || (await store.get(key)) !== undefined) return outcomes;
  }
}

function race<T>(run: (racer: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => run(racer)));
}

function unfit(store: Store, what: string): WaywardError {
  const message = `store ${store.name} cannot be used: ${what}; conditional writes are needed`;
  return new WaywardError("FAILED_PRECONDITION", "STORE_NOT_CONDITIONAL", message);
}
