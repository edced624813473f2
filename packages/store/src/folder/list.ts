import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ListedObject } from "../port.ts";
import { isCode, storeError } from "./failure.ts";

/** Objects in the order of their keys' bytes. A folder sorts as its name with the slash, as its keys do. */
export async function* listFolder(root: string, prefix: string, after: string): AsyncGenerator<ListedObject> {
  const at = prefix.lastIndexOf("/");
  yield* listBelow(root, prefix.slice(0, at + 1), prefix, after);
}

async function* listBelow(root: string, folder: string, prefix: string, after: string): AsyncGenerator<ListedObject> {
  const entries = await entriesOf(join(root, folder));
  const keys = entries
    .filter((entry) => !entry.name.startsWith("."))
    .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`)
    .sort((a, b) => (a < b ? -1 : 1));
  for (const key of keys) {
    if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue;
    if (key.endsWith("/")) {
      // Everything below comes before `after` unless `after` is below too.
      if (key > after || after.startsWith(key)) yield* listBelow(root, key, prefix, after);
    } else if (key > after && key.startsWith(prefix)) {
      const listed = await describe(root, key);
      if (listed !== undefined) yield listed;
    }
  }
}

async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw storeError(error, `store folder ${path}`);
  }
}

/** Undefined if it was removed meanwhile. */
async function describe(root: string, key: string): Promise<ListedObject | undefined> {
  try {
    const { size, mtimeMs } = await stat(join(root, key));
    return { key, bytes: size, modifiedMs: mtimeMs };
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw storeError(error, `object ${key}`);
  }
}
