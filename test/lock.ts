/**
 * `npm run lock`: completes package-lock.json after `npm install`.
 *
 * A registry that mirrors only some platforms answers "not found" for the
 * others' optional binaries. `npm install` then leaves them out of the lock,
 * and every later `npm ci` refuses a lock in which they are missing. Their
 * entries are written here: name and version as the package that wants them
 * pins them, platform by name, and no checksum, because nobody here has seen
 * the bytes. On the platforms that the registry serves nothing of it is read.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** What this file reads and writes of an entry of the lock. */
interface Entry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

/** Entries by their place, such as `node_modules/a/node_modules/b`. */
export type Packages = Record<string, Entry>;

/** The entries that the lock lacks, by place. Throws where a version is not pinned. */
export function missingEntries(packages: Packages): Packages {
  const missing: Packages = {};
  for (const [place, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isFound(packages, place, name)) continue;
      if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error(`${place} wants ${name} ${version}: not an exact version`);
      missing[`node_modules/${name}`] = {
        version,
        ...platformOf(name),
        ...(entry.dev === true ? { dev: true } : {}),
        optional: true,
      };
    }
  }
  return missing;
}

/** Looks as Node does: in the place's own node_modules, then in each above. */
function isFound(packages: Packages, place: string, name: string): boolean {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf("node_modules/") - 1))) {
    if (`${from === "" ? "" : `${from}/`}node_modules/${name}` in packages) return true;
    if (from === "") return false;
    if (!from.includes("node_modules/")) from = "";
  }
}

const SYSTEMS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]);
const PROCESSORS = new Map(
  ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"].map((name) => [name, name]),
).set("armv7", "arm");
const LIBRARIES = new Map([
  ["gnu", "glibc"],
  ["glibc", "glibc"],
  ["musl", "musl"],
]);

/** Platform by the name's parts, as `binding-linux-arm64-musl`. */
function platformOf(name: string): Pick<Entry, "os" | "cpu" | "libc"> {
  const parts = name.slice(name.lastIndexOf("/") + 1).split("-");
  const os = parts.filter((part) => SYSTEMS.has(part));
  const cpu = parts.flatMap((part) => PROCESSORS.get(part) ?? []);
  const libc = parts.flatMap((part) => LIBRARIES.get(part) ?? []);
  if (os.length !== 1 || cpu.length !== 1) throw new Error(`${name}: its name does not tell system and processor`);
  return { os, cpu, ...(libc.length === 1 ? { libc } : {}) };
}

if (import.meta.main) {
  const path = "package-lock.json";
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingEntries(lock.packages);
  lock.packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, "en")),
  );
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${path}: ${Object.keys(missing).length} entries added\n`);
}
