import { spawnSync } from "node:child_process";

/**
 * The shared libraries that a program of this machine is linked with, as
 * `ldd` tells them: absolute paths, the loader among them, in a fixed order.
 * Empty for a program that needs none. Throws where there is no `ldd`.
 */
export function librariesOf(program: string): string[] {
  const { stdout, error } = spawnSync("ldd", [program], { encoding: "utf8" });
  if (error !== undefined) throw error;
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path).sort();
}
