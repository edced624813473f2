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
import { LOCAL_BASE, localBase } from "./local-base.ts";
import { PROGRAM_NAMES, type ProgramName } from "./programs.ts";

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/images");

const USAGE = readFileSync(import.meta.filename, "utf8")
  .split("\n */")[0]
  ?.replaceAll(/^(?:\/\*\*\n)? \* ?/gm, "");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "docker" },
    base: { type: "string" },
    platform: { type: "string" },
    archive: { type: "string" },
    bundles: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** For the label; a checkout without Git has none. */
function revision(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: ROOT,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
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

/** Gives the engine the local base, under its name. */
function loadLocalBase(): void {
  const file = join(CACHE, "base.tar");
  writeImage(file, { name: LOCAL_BASE, processor: process.arch, config: {}, layers: [localBase()] });
  execFileSync(values.engine, ["load", "--input", file], { stdio: ["ignore", "ignore", "inherit"] });
  rmSync(file);
}

function buildByEngine(made: Bundle, image: string): void {
  const base = values.base === "local" ? LOCAL_BASE : values.base;
  const given = { ...argumentsOf(made), ...(base === undefined ? {} : { BASE: base }) };
  const args = Object.entries(given).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  const platform = values.platform === undefined ? [] : ["--platform", values.platform];
  const command = [
    "build",
    "--quiet",
    "--file",
    dockerfileOf(made.name),
    "--tag",
    image,
    ...platform,
    ...args,
    made.folder,
  ];
  execFileSync(values.engine, command, { stdio: ["ignore", "ignore", "inherit"] });
}

function writeArchive(folder: string, base: Layer, made: Bundle, image: string): string {
  const { config, copies } = parseDockerfile(readFileSync(dockerfileOf(made.name), "utf8"), argumentsOf(made));
  const copied = copies.map(({ from, to, owner }) => layerOf(entriesOf(join(made.folder, from), to, owner)));
  const file = join(folder, `${made.name}.tar`);
  writeImage(file, { name: image, processor: process.arch, config, layers: [base, ...copied] });
  return file;
}

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(0);
}
const unknown = positionals.filter((name) => !PROGRAM_NAMES.some((known) => known === name));
if (unknown.length > 0) {
  process.stderr.write(`no image is called ${unknown.join(", ")}; there are ${PROGRAM_NAMES.join(", ")}\n`);
  process.exit(2);
}

mkdirSync(CACHE, { recursive: true });
const { archive } = values;
const base = archive === undefined ? undefined : localBase();
if (archive !== undefined) mkdirSync(archive, { recursive: true });
else if (values.base === "local" && !values.bundles) loadLocalBase();
for (const name of PROGRAM_NAMES.filter((one) => positionals.length === 0 || positionals.includes(one))) {
  const made = await bundle(name, join(CACHE, name));
  const image = `wayward/${name}:${made.version}`;
  let file: string | undefined;
  if (values.bundles) file = made.folder;
  else if (archive !== undefined && base !== undefined) file = writeArchive(archive, base, made, image);
  else buildByEngine(made, image);
  process.stdout.write(`${JSON.stringify({ image, bundle: made.hash, file })}\n`);
}
