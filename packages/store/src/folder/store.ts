import { createHash } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder, WaywardError } from "@wayward/base";
import { checkKey } from "../check-key.ts";
import type { Body, ByteRange, ListedObject, Store, StoredObject } from "../port.ts";
import { isCode, storeError } from "./failure.ts";
import { listFolder } from "./list.ts";
import { withLock } from "./lock.ts";
import { scratchName, sweepScratch } from "./scratch.ts";
import { readAll, writeAll } from "./whole.ts";

/** Holds what is being written; no key begins with a dot. */
const SCRATCH = ".scratch";

/** Opens a folder as a store, made if it is not there. Throws STORE_UNUSABLE if it cannot be written. */
export async function openFolderStore(folder: string): Promise<Store> {
  try {
    const scratch = join(folder, SCRATCH);
    await syncNew(scratch, makeFolder(scratch));
    await sweepScratch(scratch);
  } catch (error) {
    throw storeError(error, `store folder ${folder}`);
  }
  return new FolderStore(folder);
}

/**
 * Objects are files. What is written goes to a scratch file that is synced
 * and then given its name: a reader sees all of it or nothing, and what was
 * acknowledged survives a power cut.
 */
class FolderStore implements Store {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.name = `file:${folder}`;
  }

  async put(key: string, body: Body, options: { readonly sha256?: Uint8Array } = {}): Promise<void> {
    const bytes = checkedBody(key, body, options.sha256);
    await this.#write(key, bytes, (scratch, path) => rename(scratch, path));
  }

  async createIfAbsent(key: string, body: Body): Promise<"created" | "exists"> {
    try {
      await this.#write(key, checkedBody(key, body), (scratch, path) => link(scratch, path));
      return "created";
    } catch (error) {
      if (error instanceof WaywardError && isCode(error.cause, "EEXIST")) return "exists";
      throw error;
    }
  }

  async replaceIfMatch(key: string, body: Body, etag: string): Promise<{ readonly etag: string } | "changed"> {
    return withLock(join(this.#folder, SCRATCH, "lock"), async () => {
      const present = await this.get(key);
      if (present?.etag !== etag) return "changed";
      const bytes = checkedBody(key, body);
      await this.#write(key, bytes, (scratch, path) => rename(scratch, path));
      return { etag: etagOf(Buffer.concat(bytes)) };
    });
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject | undefined> {
    checkKey(key);
    try {
      if (range === undefined) {
        const bytes = await readFile(join(this.#folder, key));
        return { bytes, etag: etagOf(bytes) };
      }
      return await readRange(join(this.#folder, key), key, range);
    } catch (error) {
      if (isCode(error, "ENOENT")) return undefined;
      throw storeError(error, `object ${key}`);
    }
  }

  list(prefix: string, after = ""): AsyncIterable<ListedObject> {
    return listFolder(this.#folder, prefix, after);
  }

  async remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      checkKey(key);
      try {
        await unlink(join(this.#folder, key));
      } catch (error) {
        if (!isCode(error, "ENOENT")) throw storeError(error, `object ${key}`);
      }
    }
  }

  async close(): Promise<void> {}

  async #write(key: string, pieces: readonly Uint8Array[], give: (scratch: string, path: string) => Promise<void>) {
    checkKey(key);
    const path = join(this.#folder, key);
    const scratch = join(this.#folder, SCRATCH, scratchName());
    try {
      await writeSynced(scratch, pieces);
      const above = dirname(path);
      // Others are served meanwhile, as nobody is yet at the start.
      await syncNew(above, await mkdir(above, { recursive: true }));
      await give(scratch, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw storeError(error, `object ${key}`);
    } finally {
      await rm(scratch, { force: true });
    }
  }
}

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, "wx");
  try {
    await writeAll(file, pieces);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Of a folder and those above it, up to the first that is new, each has a new name above. */
async function syncNew(path: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
}

/** A new name is durable only when its folder was synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function readRange(path: string, key: string, { offset, length }: ByteRange): Promise<StoredObject> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = offset + length > size ? undefined : await readAll(file, offset, length);
    if (bytes === undefined) {
      throw new WaywardError(
        "OUT_OF_RANGE",
        "BEYOND_OBJECT",
        `object ${key}: bytes ${offset} to ${offset + length} of ${size}`,
      );
    }
    return { bytes, etag: "" };
  } finally {
    await file.close();
  }
}

function checkedBody(key: string, body: Body, sha256?: Uint8Array): Uint8Array[] {
  const pieces = body instanceof Uint8Array ? [body] : [...body];
  if (sha256 === undefined) return pieces;
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  if (hash.digest().equals(sha256)) return pieces;
  throw new WaywardError("DATA_LOSS", "BAD_DIGEST", `object ${key}: the body is not the one whose SHA-256 was given`);
}

function etagOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}
