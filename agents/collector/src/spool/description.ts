import { readFileSync } from "node:fs";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { DESCRIPTION } from "./layout.ts";

/** What the writer said about its session when it began; undefined where that cannot be read. */
export function descriptionIn(folder: string): api.SessionDescription | undefined {
  try {
    return api.SessionDescription.decode(readFileSync(join(folder, DESCRIPTION)));
  } catch {
    return undefined;
  }
}
