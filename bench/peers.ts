import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(import.meta.dirname, "peers");
const require = createRequire(join(folder, "package.json"));

/** What the bench measures against cannot be had here. */
export class NoPeers extends Error {}

/**
 * Installs what the bench measures against, unless it is there in the pinned
 * versions. It is no workspace: who only builds and tests never pays for it.
 * Throws NoPeers.
 */
export function installPeers(): void {
  if (wanted().every(([name, version]) => installedVersion(name) === version)) return;
  process.stderr.write("installing what the bench measures against (bench/peers, 105 MB)\n");
  const { status, error, stderr } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--prefix", folder], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) throw new NoPeers(`npm ci in bench/peers failed: ${error?.message ?? stderr.trim()}`);
}

/** Loads a package of bench/peers as what the caller needs of it. */
export async function peer<T>(name: string): Promise<T> {
  return await import(pathToFileURL(require.resolve(name)).href);
}

function wanted(): [string, string][] {
  return Object.entries(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).dependencies);
}

function installedVersion(name: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
