import { readFile } from "node:fs/promises";
import { WaywardError } from "@wayward/base";
import { type BaselineEntry, parseBaseline } from "./baseline.ts";

/** Throws INVALID_ARGUMENT / BAD_BASELINE where the file cannot be read or says what it may not. */
export async function readBaseline(file: string): Promise<BaselineEntry[]> {
  return parseBaseline(await readText(file), file);
}

/** As `readBaseline`, and nothing is accepted yet where there is no file. */
export async function readBaselineIfThere(file: string): Promise<BaselineEntry[]> {
  const text = await readText(file, "ENOENT");
  return text === "" ? [] : parseBaseline(text, file);
}

async function readText(file: string, allowed?: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && code === allowed) return "";
    throw new WaywardError("INVALID_ARGUMENT", "BAD_BASELINE", `${file} cannot be read: ${code ?? error}`);
  }
}
