/**
 * One program as plain JavaScript, with all packages that it uses:
 *
 *     app/lib/main.js              the program; what it loads later is in files beside it
 *     app/lib/*-thread.js          what its analysing threads run
 *     app/agent/*.cjs              the agent that `wayward run` loads into programs
 *     app/health.js                the image's HEALTHCHECK
 *     app/package.json             version, and the hash over all files above
 *     app/sbom.cdx.json            the packages that are in it
 *     data/                        empty, for a volume
 *
 * Equal sources and an equal lockfile give equal bytes, wherever the checkout
 * stands and whatever the processor.
 */
import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentBundle } from "@wayward/agent";
import { build, type Metafile, type Plugin } from "esbuild";
import { PROGRAMS, type Program, type ProgramName } from "./programs.ts";
import { sbomOf } from "./sbom.ts";

/** A bundle that was made. */
export interface Bundle {
  readonly name: ProgramName;
  /** What the Dockerfile copies from. */
  readonly folder: string;
  readonly version: string;
  /** SHA-256 in hex. */
  readonly hash: string;
}

const ROOT = join(import.meta.dirname, "../..");
/** What threads run: its folder, where worker-path.ts names it, and its name beside the program. */
const THREADS = [
  { folder: "packages/analysis/src/parallel", out: "analysis-thread" },
  { folder: "services/stream/src/analysis", out: "live-analysis-thread" },
];

/** CommonJS packages in the bundle ask for Node's own modules by require. */
export const BANNER = `import { createRequire as makeRequire } from "node:module";
const require = makeRequire(import.meta.url);`;

/** Makes the bundle anew. Throws what esbuild and npm throw. */
export async function bundle(name: ProgramName, folder: string): Promise<Bundle> {
  const program = PROGRAMS[name];
  const app = join(folder, "app");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  mkdirSync(join(folder, "data"));
  const { inputs } = await bundleCode(program, join(app, "lib"));
  if (program.records) cpSync(join((await agentBundle()).importPath, ".."), join(app, "agent"), { recursive: true });
  cpSync(join(import.meta.dirname, "health.js"), join(app, "health.js"));
  const hash = hashOf(app);
  const { version, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const manifest = { name: `wayward-${name}`, version, license, type: "module", bundle: hash };
  writeFileSync(join(app, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(app, "sbom.cdx.json"), `${JSON.stringify(sbomOf(program.workspace, inputs), null, 2)}\n`);
  letEveryoneRead(folder);
  return { name, folder, version, hash };
}

async function bundleCode({ workspace, entry, analyses }: Program, outdir: string): Promise<Metafile> {
  const threads = analyses ? THREADS.map(({ folder, out }) => ({ in: `${folder}/worker.ts`, out })) : [];
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [{ in: `${workspace}/${entry}`, out: "main" }, ...threads],
    outdir,
    bundle: true,
    metafile: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // What a command needs alone is read when that command runs: `wayward help` is there at once.
    splitting: true,
    banner: { js: BANNER },
    plugins: [threadBeside, agentBeside],
    logLevel: "warning",
  });
  return metafile;
}

/** A bundled program starts the bundled thread. */
const threadBeside: Plugin = {
  name: "thread-beside",
  setup({ onLoad }) {
    for (const { folder, out } of THREADS) {
      onLoad({ filter: new RegExp(`/${folder}/worker-path\\.ts$`) }, () => ({
        contents: `export const workerPath = new URL("./${out}.js", import.meta.url);`,
      }));
    }
    // It would be missed only when somebody starts it.
    onLoad({ filter: /\/worker-path\.ts$/ }, ({ path }) => ({
      errors: [{ text: `${path} names a thread that is not bundled` }],
    }));
  },
};

/** The bundled command line finds the agent made already, and needs neither its source nor esbuild. */
const agentBeside: Plugin = {
  name: "agent-beside",
  setup({ onLoad }) {
    onLoad({ filter: /\/agents\/node\/entry\.mjs$/ }, () => ({
      contents: `import { fileURLToPath } from "node:url";
        const path = (file) => fileURLToPath(new URL("../agent/" + file, import.meta.url));
        export const agentBundle = async () => ({ importPath: path("agent.cjs"), instrumentPath: path("instrument.cjs") });`,
    }));
  },
};

/** An engine takes modes over, and the image's user owns none of the files: whoever builds may have a strict umask. */
function letEveryoneRead(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

/** Over names and contents of all files below the folder, in order of their names. */
function hashOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0${sha256(readFileSync(join(folder, file)))}\n`);
  return hash.digest("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
