import { mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WaywardError } from "@wayward/base";
import { type SessionId, sessionText } from "@wayward/record";
import { blockFile, DESCRIPTION, seqOf } from "./layout.ts";
import { claim, touch } from "./owner.ts";

export interface SpoolOptions {
  /** Folder of all spools. */
  readonly root: string;
  readonly session: SessionId;
  /** The serialised SessionDescription. */
  readonly description: Uint8Array;
  /** Bytes of blocks kept at most. Default 256 MiB. */
  readonly quotaBytes?: number;
}

const DEFAULT_QUOTA = 256 * 1024 * 1024;
const TOUCH_EVERY_MS = 1_000;

/**
 * The seam between a program and the system: blocks go here, and a pusher,
 * in this process or another, takes them. Appending is synchronous, so that
 * it works while a process ends; syncing to disk is the pusher's.
 */
export class Spool {
  readonly folder: string;
  readonly #quota: number;
  readonly #touching: NodeJS.Timeout;
  #bytes = 0;

  /** Makes the session's folder. Throws what the file system throws. */
  constructor({ root, session, description, quotaBytes = DEFAULT_QUOTA }: SpoolOptions) {
    this.folder = join(root, sessionText(session));
    this.#quota = quotaBytes;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    claim(this.folder, 0);
    writeFileSync(join(this.folder, DESCRIPTION), description, { mode: 0o600 });
    this.#touching = setInterval(() => this.#touch(), TOUCH_EVERY_MS).unref();
  }

  /** Keeps a block. Throws RESOURCE_EXHAUSTED / SPOOL_FULL above the quota or on a full disk. */
  append(seq: bigint, bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > this.#quota) this.#bytes = this.#measure();
    if (this.#bytes + bytes.length > this.#quota) {
      throw new WaywardError(
        "RESOURCE_EXHAUSTED",
        "SPOOL_FULL",
        `spool ${this.folder} holds ${this.#bytes} bytes, at most ${this.#quota}`,
      );
    }
    const path = blockFile(this.folder, seq);
    try {
      writeFileSync(`${path}.tmp`, bytes, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new WaywardError("RESOURCE_EXHAUSTED", "SPOOL_FULL", `spool ${this.folder}: ${message}`, { cause: error });
    }
    this.#bytes += bytes.length;
  }

  close(): void {
    clearInterval(this.#touching);
  }

  #touch(): void {
    try {
      touch(this.folder, 0);
    } catch {
      // The pusher has removed the folder of a session that was deleted.
    }
  }

  /** What the pusher has left. */
  #measure(): number {
    let bytes = 0;
    for (const name of readdirSync(this.folder)) {
      if (seqOf(name) === undefined) continue;
      try {
        bytes += statSync(join(this.folder, name)).size;
      } catch {
        // Released meanwhile.
      }
    }
    return bytes;
  }
}
