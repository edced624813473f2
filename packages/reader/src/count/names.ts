import { type Dictionary, FOLD } from "@wayward/block";
import { LOCK_MODES } from "@wayward/record";
import type { SessionBlocks } from "../snapshot/blocks.ts";
import type { PairedDimension } from "./plan.ts";

/** Name of a group of things that ended, or of their session. */
export function pairedKey(
  group: string,
  { view }: SessionBlocks,
  dictionary: Dictionary,
  key1: number,
  key2: number,
): string {
  switch (group) {
    case "session":
      return view.text;
    case "host":
      return view.description?.host ?? "";
    case "zone":
      return dictionary.string(key1);
    case "mode":
      return LOCK_MODES[key2] ?? `mode#${key2}`;
    default:
      return dictionary.name("object", key1);
  }
}

/** How a dimension's gather folds its two keys into one. */
export function foldOf(dimension: PairedDimension): number {
  return dimension === "lockWait" || dimension === "lockHold" ? FOLD : 1;
}
