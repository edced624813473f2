import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * Installs a folder's packages as its lockfile pins them, unless they are
 * there. Such a folder is no workspace: who only builds and tests never pays
 * for it. Throws an error with npm's words.
 */
export function installPackages(folder: string): void {
  if (wanted(folder).every(([name, version]) => installedVersion(folder, name) === version)) return;
  const where = relative(process.cwd(), folder);
  process.stderr.write(`installing the packages of ${where}\n`);
  const { status, error, stderr } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--prefix", folder], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm ci in ${where} failed: ${error?.message ?? stderr.trim()}`);
}

function wanted(folder: string): [string, string][] {
  return Object.entries(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).dependencies);
}

function installedVersion(folder: string, name: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
