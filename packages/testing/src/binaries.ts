import { access, constants, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lastLine, runCommand } from "./command.ts";
import { withLock } from "./lock.ts";
import { type Say, ways } from "./obtain.ts";
import { facts, isAtLeast, type Tool } from "./tools.ts";

export type { Tool } from "./tools.ts";

/** A server's program, or what was tried to get it. */
export type FoundBinary =
  | { readonly path: string; readonly source: string; readonly version: string }
  | { readonly path?: undefined; readonly tried: readonly string[] };

const cacheFolder = fileURLToPath(new URL("../../../.cache/bin", import.meta.url));

/** A failure to fetch is believed for so long, that not every test file repeats it. */
const MISSING_MS = 600_000;

const sayToStderr: Say = (line) => {
  process.stderr.write(`${line}\n`);
};

const found = new Map<Tool, Promise<FoundBinary>>();

/**
 * Finds a program: the path in its variable, such as WAYWARD_NATS_SERVER or
 * WAYWARD_HELM, PATH, the project's .cache/bin; if it is in none,
 * fetches it into the cache, which may take minutes. Says on stderr which one
 * it took, once a process.
 */
export function findBinary(tool: Tool): Promise<FoundBinary> {
  const known = found.get(tool) ?? look(tool);
  found.set(tool, known);
  return known;
}

/** The program's path. Throws an error that lists what was tried if there is none. */
export async function needBinary(tool: Tool): Promise<string> {
  const binary = await findBinary(tool);
  if (binary.path !== undefined) return binary.path;
  throw new Error(`${tool} cannot be had here: ${binary.tried.join("; ")}`);
}

async function look(tool: Tool): Promise<FoundBinary> {
  const marker = join(cacheFolder, `${tool}.missing`);
  const binary = (await findInstalled(tool)) ?? (await readMissing(marker)) ?? (await fetchBinary(tool, sayToStderr));
  if (binary.path !== undefined) sayToStderr(`${tool} ${binary.version} from ${binary.source}: ${binary.path}`);
  return binary;
}

async function readMissing(marker: string): Promise<FoundBinary | undefined> {
  const age = await stat(marker).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  return age < MISSING_MS ? { tried: (await readFile(marker, "utf8")).trimEnd().split("\n") } : undefined;
}

/** Finds the program as `findBinary`, but tries again to fetch one that could not be had, and tells of each step. */
export async function fetchBinary(tool: Tool, say: Say): Promise<FoundBinary> {
  const installed = await findInstalled(tool);
  if (installed !== undefined) return installed;
  await mkdir(cacheFolder, { recursive: true });
  return withLock(join(cacheFolder, `${tool}.lock`), say, async () => {
    const tick = setInterval(() => say(`still working on ${tool}`), 20_000);
    try {
      return (await findInstalled(tool)) ?? (await obtain(tool, say));
    } finally {
      clearInterval(tick);
    }
  });
}

async function obtain(tool: Tool, say: Say): Promise<FoundBinary> {
  const marker = join(cacheFolder, `${tool}.missing`);
  const path = join(cacheFolder, tool);
  const tried: string[] = [`not named by ${facts[tool].variable}, not on PATH, not in .cache/bin`];
  for (const { source, obtain: tryIt } of ways) {
    const reason = (await tryIt(tool, cacheFolder, say)) ?? (await unfit(tool, path));
    if (reason === undefined) {
      await rm(marker, { force: true });
      return { path, source, version: (await versionOf(tool, path)).version ?? facts[tool].version };
    }
    say(`${source}: ${reason}`);
    tried.push(`${source}: ${reason}`);
  }
  await writeFile(marker, `${tried.join("\n")}\n`);
  return { tried };
}

/** What is there already. Throws if the environment names one that does not serve. */
async function findInstalled(tool: Tool): Promise<FoundBinary | undefined> {
  const { variable } = facts[tool];
  const named = process.env[variable];
  if (named !== undefined && named !== "") {
    const reason = await unfit(tool, named);
    if (reason !== undefined) throw new Error(`${variable}=${named}: ${reason}`);
    return describe(tool, named, variable);
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, tool);
    if (folder !== "" && (await unfit(tool, path)) === undefined) return describe(tool, path, "PATH");
  }
  const cached = join(cacheFolder, tool);
  return (await unfit(tool, cached)) === undefined ? describe(tool, cached, ".cache/bin") : undefined;
}

async function describe(tool: Tool, path: string, source: string): Promise<FoundBinary> {
  return { path, source, version: (await versionOf(tool, path)).version ?? "(of unknown version)" };
}

/** Why the program does not serve, or undefined if it does. */
async function unfit(tool: Tool, path: string): Promise<string | undefined> {
  const there = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) return "no program there that may be run";
  const { ok, version, output } = await versionOf(tool, path);
  if (!ok) return `does not run: ${lastLine(output)}`;
  const { atLeast } = facts[tool];
  // A build without a version is somebody's own: the tests will tell.
  if (version === undefined || isAtLeast(version, atLeast)) return undefined;
  return `is version ${version}, the least that serves is ${atLeast}`;
}

async function versionOf(tool: Tool, path: string): Promise<{ ok: boolean; version?: string; output: string }> {
  const { ok, output } = await runCommand(path, facts[tool].versionArgs ?? ["--version"], { timeoutMs: 10_000 });
  const version = facts[tool].versionPattern.exec(output)?.[1];
  return version === undefined ? { ok, output } : { ok, version, output };
}
