import { readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WaywardError } from "@wayward/base";
import { type SessionId, sessionText } from "@wayward/record";
import { readAccepted } from "./accepted.ts";
import { type ControlValues, controlVersion, readControl } from "./control.ts";
import { codeOf, makeOwnFolder } from "./folder.ts";
import { blockFile, DEFAULT_QUOTA_BYTES, DESCRIPTION, seqOf } from "./layout.ts";
import { tellLosses, type Untold, untoldLosses } from "./losses.ts";
import { type OffsetSample, readOffset } from "./offset.ts";
import { claim, LOOK_AGAIN_AFTER_MS, newestGeneration, touch } from "./owner.ts";
import { place } from "./place.ts";

export interface SpoolOptions {
  /** Folder of all spools. */
  readonly root: string;
  readonly session: SessionId;
  /** The serialised SessionDescription. */
  readonly description: Uint8Array;
  /** Bytes of blocks kept at most. Default 256 MiB. */
  readonly quotaBytes?: number;
}

const TOUCH_EVERY_MS = 1_000;

/**
 * The seam between a program and the system: blocks go here, and a pusher,
 * in this process or another, takes them. Appending is synchronous, so that
 * it works while a process ends; syncing to disk is the pusher's.
 */
export class Spool {
  readonly folder: string;
  readonly #root: string;
  readonly #quota: number;
  readonly #touching: NodeJS.Timeout;
  #touchedMs = performance.now();
  #bytes = 0;
  #lost: WaywardError | undefined;
  #isTakenOver = false;
  #toldBytes = 0;
  #controlVersion = "";
  #offsetSent = 0n;

  /** Makes the session's folder. Throws what the file system throws. */
  constructor({ root, session, description, quotaBytes = DEFAULT_QUOTA_BYTES }: SpoolOptions) {
    this.#root = root;
    this.folder = join(root, sessionText(session));
    this.#quota = quotaBytes;
    makeOwnFolder(this.folder);
    claim(this.folder, 0);
    this.describe(description);
    this.#touching = setInterval(() => this.#touch(), TOUCH_EVERY_MS).unref();
  }

  /** Keeps the serialised SessionDescription, in place of any before. Throws what the file system throws. */
  describe(description: Uint8Array): void {
    const path = join(this.folder, DESCRIPTION);
    // Whoever reads a part of it takes the session for another run's.
    writeFileSync(`${path}.tmp`, description, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }

  /** Why nothing can be appended any more: another has taken the spool over, or the session was deleted. */
  get lost(): WaywardError | undefined {
    return this.#lost;
  }

  /** True if another process has ended the session while this one slept; looks where that may be. */
  takenOver(): boolean {
    if (this.#lost === undefined && this.#hasSlept) this.#touch();
    return this.#isTakenOver;
  }

  /** The seq up to which the server has everything; -1 while nobody has told. */
  get accepted(): bigint {
    return readAccepted(this.folder);
  }

  /**
   * Keeps a block. Throws RESOURCE_EXHAUSTED / SPOOL_FULL above the quota,
   * which a session's `last` blocks may pass, or on a full disk, and ABORTED /
   * SPOOL_LOST once the spool is another's.
   */
  append(seq: bigint, bytes: Uint8Array, last = false): void {
    this.#checkOwnership();
    if (this.#bytes + bytes.length > this.#quota) this.#bytes = this.#measure();
    if (!last && this.#bytes + bytes.length > this.#quota) {
      throw new WaywardError(
        "RESOURCE_EXHAUSTED",
        "SPOOL_FULL",
        `spool ${this.folder} holds ${this.#bytes} bytes, at most ${this.#quota}`,
      );
    }
    const path = blockFile(this.folder, seq);
    try {
      writeFileSync(`${path}.tmp`, bytes, { mode: 0o600 });
      place(`${path}.tmp`, path);
    } catch (error) {
      // This process was stopped since it looked whose the spool is.
      if (codeOf(error) === "EEXIST") throw this.#takeOver();
      const message = error instanceof Error ? error.message : String(error);
      throw new WaywardError("RESOURCE_EXHAUSTED", "SPOOL_FULL", `spool ${this.folder}: ${message}`, { cause: error });
    }
    this.#bytes += bytes.length;
  }

  /** Records of blocks up to `seq` that the pusher has given up, as far as anybody could count them, at least 1 a block. */
  refused(seq: bigint): number {
    const all = this.#untold(0)?.losses ?? [];
    return all.filter(({ firstSeq }) => firstSeq <= seq).reduce((sum, { records }) => sum + Math.max(1, records), 0);
  }

  /** What the pusher has given up since `tell`; undefined if nothing. */
  losses(): Untold | undefined {
    return this.#untold(this.#toldBytes);
  }

  /** Says that a block that was appended tells of these losses. Best effort. */
  tell({ end }: Untold): void {
    this.#toldBytes = end;
    try {
      tellLosses(this.folder, end);
    } catch {
      // Whoever adopts this spool may then tell of them a second time.
    }
  }

  /** The last exchange with a server, where it is another than at the last call. */
  offset(): OffsetSample | undefined {
    const sample = readOffset(this.folder);
    if (sample === undefined || sample.sent === this.#offsetSent) return undefined;
    this.#offsetSent = sample.sent;
    return sample;
  }

  /** What the server wants of agents, where that has changed since the last call. */
  control(): ControlValues | undefined {
    const version = controlVersion(this.#root);
    if (version === this.#controlVersion) return undefined;
    this.#controlVersion = version;
    return readControl(this.#root);
  }

  close(): void {
    clearInterval(this.#touching);
  }

  /** A process that was stopped for long may find that an adopter has ended its session. */
  #checkOwnership(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (!this.#hasSlept) return;
    this.#touch();
    if (this.#lost !== undefined) throw this.#lost;
  }

  get #hasSlept(): boolean {
    return performance.now() - this.#touchedMs > LOOK_AGAIN_AFTER_MS;
  }

  #touch(): void {
    const slept = this.#hasSlept;
    try {
      if (slept && newestGeneration(this.folder) > 0) {
        this.#takeOver();
        return;
      }
      touch(this.folder, 0);
      this.#touchedMs = performance.now();
    } catch (error) {
      if (codeOf(error) !== "ENOENT") return;
      // Who takes a spool over removes its folder in the end; else it is the
      // pusher's doing, where the session was deleted on the server.
      this.#isTakenOver = slept;
      this.#lose(slept ? "another process has ended it" : "its folder is gone, as when the session was deleted");
    }
  }

  #takeOver(): WaywardError {
    this.#isTakenOver = true;
    return this.#lose("another process has taken it over");
  }

  #lose(why: string): WaywardError {
    const lost = new WaywardError("ABORTED", "SPOOL_LOST", `spool ${this.folder}: ${why}`);
    this.#lost = lost;
    this.close();
    return lost;
  }

  /** Best effort: the next look finds what this one could not read. */
  #untold(begin: number): Untold | undefined {
    try {
      return untoldLosses(this.folder, begin);
    } catch {
      return undefined;
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
