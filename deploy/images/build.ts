/**
 * `npm run images -- [name…]`: bundles the programs and builds their images,
 * `wayward/<name>:<version>`, all five unless some are named.
 *
 *     --engine <program>   docker (default), podman or another that takes `build` and `load` as docker does
 *     --base <image>       image to build on, else the one that the Dockerfiles name; `local` makes one
 *                          of this machine's Node and libraries, for which no registry is needed
 *     --platform <list>    passed to the engine, such as linux/amd64,linux/arm64
 *     --archive <folder>   no engine: write <folder>/<name>.tar on the local base, for `docker load` or `ctr images import`
 *     --bundles            stop when the bundles are there
 *
 * Bundles stay in `.cache/images/<name>`. What was made is told on stdout, one JSON value a line.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDockerfile } from "./archive/dockerfile.ts";
import { entriesOf, type Layer, layerOf, writeImage } from "./archive/image.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { Engine } from "./engine.ts";
import { LOCAL_BASE, localBase } from "./local-base.ts";
import { PROGRAM_NAMES, type ProgramName } from "./programs.ts";

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/images");

const OPTIONS = {
  engine: { type: "string", default: "docker" },
  base: { type: "string" },
  platform: { type: "string" },
  archive: { type: "string" },
  bundles: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Makes something of a bundle; tells the file or folder, if it is one. */
type Make = (made: Bundle, image: string) => string | undefined;

/** The comment above. */
function usage(): string {
  const [comment = ""] = readFileSync(import.meta.filename, "utf8").split("\n */");
  return comment.replaceAll(/^(?:\/\*\*\n)? \* ?/gm, "");
}

/** For the label; a checkout without Git has none. */
function revision(): string {
  try {
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return execFileSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8", stdio: [...stdio] }).trim();
  } catch {
    return "unknown";
  }
}

function dockerfileOf(name: ProgramName): string {
  return join(import.meta.dirname, `${name}.Dockerfile`);
}

function argumentsOf({ version, hash }: Bundle): Record<string, string> {
  return { VERSION: version, REVISION: revision(), BUNDLE: hash };
}

/** Images in an engine, on `base`, or on the one that the Dockerfiles name. */
function byEngine(program: string, base: string | undefined, platform: string | undefined): Make {
  const engine = new Engine(program);
  if (base === "local") {
    const file = join(CACHE, "base.tar");
    writeImage(file, { name: LOCAL_BASE, processor: process.arch, config: {}, layers: [localBase()] });
    engine.load(LOCAL_BASE, file);
    rmSync(file);
  }
  const chosen = base === "local" ? LOCAL_BASE : base;
  return (made, image) => {
    const args = { ...argumentsOf(made), ...(chosen === undefined ? {} : { BASE: chosen }) };
    engine.build({ image, dockerfile: dockerfileOf(made.name), context: made.folder, args, platform });
    return undefined;
  };
}

/** Images as files in a folder, on the local base. */
function asFiles(folder: string): Make {
  mkdirSync(folder, { recursive: true });
  const base: Layer = localBase();
  return (made, image) => {
    const { config, copies } = parseDockerfile(readFileSync(dockerfileOf(made.name), "utf8"), argumentsOf(made));
    const copied = copies.map(({ from, to, owner }) => layerOf(entriesOf(join(made.folder, from), to, owner)));
    const file = join(folder, `${made.name}.tar`);
    writeImage(file, { name: image, processor: process.arch, config, layers: [base, ...copied] });
    return file;
  };
}

function isProgramName(name: string): name is ProgramName {
  return PROGRAM_NAMES.some((known) => known === name);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  if (values.help) return void process.stdout.write(`${usage()}\n`);
  const unknown = positionals.filter((name) => !isProgramName(name));
  if (unknown.length > 0)
    throw new Error(`no image is called ${unknown.join(", ")}; there are ${PROGRAM_NAMES.join(", ")}`);
  mkdirSync(CACHE, { recursive: true });
  const make = values.bundles
    ? ({ folder }: Bundle) => folder
    : values.archive === undefined
      ? byEngine(values.engine, values.base, values.platform)
      : asFiles(values.archive);
  for (const name of positionals.length === 0 ? PROGRAM_NAMES : positionals.filter(isProgramName)) {
    const made = await bundle(name, join(CACHE, name));
    const image = `wayward/${name}:${made.version}`;
    const file = make(made, image);
    process.stdout.write(`${JSON.stringify({ image, bundle: made.hash, file })}\n`);
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
