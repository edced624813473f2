import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What people call. A bundle has none beside it, and npm put no bundle on a PATH. */
const BIN = realPath(join(import.meta.dirname, "../../bin/wayward.mjs"));

/**
 * The PATH of a recorded program. npm and npx put first the folder in which
 * they have this program, and with it the Node that came along. That folder
 * comes behind the first other one with a Node, so that the program gets the
 * one that its caller's shell would find, and still finds its project's tools.
 */
export function programPath(path: string): string {
  const folders = path.split(delimiter);
  const others = folders.filter((folder) => !isOurs(folder));
  const ours = folders.filter(isOurs);
  const behind = others.findIndex((folder) => existsSync(join(folder, "node"))) + 1;
  return [...others.slice(0, behind), ...ours, ...others.slice(behind)].join(delimiter);
}

/** Where npm installs for all, the caller's own Node may stand beside us. */
function isOurs(folder: string): boolean {
  return (
    BIN !== undefined && folder.endsWith(join("node_modules", ".bin")) && realPath(join(folder, "wayward")) === BIN
  );
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
