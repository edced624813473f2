import { readFileSync } from "node:fs";

/** What this command line is. */
export interface Release {
  readonly version: string;
  /** SHA-256 over the files of the bundle that this is, in hex; undefined where the source runs as it is. */
  readonly bundle: string | undefined;
}

/** Reads the package.json above this file: the workspace's, or in an image the one that was written with the bundle. */
export function release(): Release {
  const { version, bundle } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return { version: String(version), bundle };
}
