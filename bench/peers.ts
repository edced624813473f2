import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installPackages } from "@wayward/testing";

const folder = join(import.meta.dirname, "peers");
const require = createRequire(join(folder, "package.json"));

/** What the bench measures against cannot be had here. */
export class NoPeers extends Error {}

/** Installs what the bench measures against, 105 MB, unless it is there in the pinned versions. Throws NoPeers. */
export function installPeers(): void {
  try {
    installPackages(folder);
  } catch (error) {
    throw new NoPeers(error instanceof Error ? error.message : String(error));
  }
}

/** Loads a package of bench/peers as what the caller needs of it. */
export async function peer<T>(name: string): Promise<T> {
  return await import(pathToFileURL(require.resolve(name)).href);
}
