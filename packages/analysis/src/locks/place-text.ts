import type { Dictionary } from "@wayward/block";
import { siteText } from "./run.ts";
import type { Place } from "./state.ts";

/** `function (file:line)`, or what of it is known. */
export function siteLine(dictionary: Dictionary, { site, stack }: Pick<Place, "site" | "stack">): string {
  const { function: name, file, line } = siteText({ dictionary }, { site, stack });
  if (file === "") return name;
  return name === "" ? `${file}:${line}` : `${name} (${file}:${line})`;
}
