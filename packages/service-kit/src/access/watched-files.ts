import { readFileSync } from "node:fs";

/** How often files are read: a replaced key or certificate holds within this time. */
const LOOK_MS = 1_000;

/** Bytes of some files that belong together. */
export type FileBytes = readonly Buffer[];

/**
 * Looks whether files have changed, by their bytes: a secret volume of
 * Kubernetes swaps a symbolic link above them, which no watch on the files
 * tells. `changed` hears every change, also one that throws in it, until it
 * takes it; `failed` hears once for each sort of failure.
 */
export class WatchedFiles {
  readonly #paths: readonly string[];
  readonly #looking: NodeJS.Timeout;
  #taken: FileBytes;
  #failure = "";

  constructor(
    paths: readonly string[],
    taken: FileBytes,
    hears: { changed(bytes: FileBytes): void; failed(error: unknown): void },
  ) {
    this.#paths = paths;
    this.#taken = taken;
    this.#looking = setInterval(() => this.#look(hears), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #look({ changed, failed }: { changed(bytes: FileBytes): void; failed(error: unknown): void }): void {
    try {
      const bytes = readAll(this.#paths);
      if (bytes.every((one, index) => one.equals(this.#taken[index]!))) return;
      changed(bytes);
      this.#taken = bytes;
      this.#failure = "";
    } catch (error) {
      // Files are replaced one after the other: what does not fit together now may a moment later.
      const failure = String(error);
      if (failure !== this.#failure) failed(error);
      this.#failure = failure;
    }
  }
}

/** Throws what the file system throws. */
export function readAll(paths: readonly string[]): FileBytes {
  return paths.map((path) => readFileSync(path));
}
