import { refusalOf } from "./block.ts";
import type { Dictionary } from "./dictionary/reader.ts";

/** Adds what a block defines. A damaged section leaves its ids unknown, which is told where they are met. */
export function addDefinitions(dictionary: Dictionary, section: Uint8Array): void {
  try {
    dictionary.add(section);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
  }
}
