import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { BuildResult, Plugin } from "esbuild";

/** The agent as plain JavaScript for Node 20.15 and later. Absolute paths. */
export interface AgentBundle {
  /** What programs import or require. */
  readonly importPath: string;
  /** What `node --import` loads to record a program that nobody has prepared. */
  readonly instrumentPath: string;
}

const RESOLVING = "resolving";
const PUSHER = "pusher.cjs";

/** The bundled programs and what they are made of. */
const PROGRAMS = [
  { file: "agent.cjs", entry: "api.ts", pushes: false },
  { file: "instrument.cjs", entry: "instrument/main.ts", pushes: false },
  { file: PUSHER, entry: "push/worker.ts", pushes: true },
] as const;

/** Generated services define clients when loaded; without this gRPC would come along though nothing uses it. */
const unusedContracts: Plugin = {
  name: "unused-contracts",
  setup(build) {
    build.onResolve(
      { filter: /^@wayward\/api$|\/gen\/|^\.{1,2}\/.*v1\/.*\.ts$/ },
      async ({ path, pluginData, ...rest }) => {
        if (pluginData === RESOLVING) return undefined;
        const { importer, namespace, resolveDir, kind } = rest;
        const found = await build.resolve(path, { importer, namespace, resolveDir, kind, pluginData: RESOLVING });
        return { path: found.path, errors: found.errors, sideEffects: false };
      },
    );
  },
};

/** What is loaded only when needed is the pusher's: a program's own thread needs none of it. */
const laterIsNever: Plugin = {
  name: "later-is-never",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** The bundled agent starts the bundled pusher, which stands beside it. */
const pusherBeside: Plugin = {
  name: "pusher-beside",
  setup(build) {
    build.onLoad({ filter: /\/push\/worker-path\.ts$/ }, () => ({
      loader: "js",
      contents: `import { join, relative } from "node:path"; export const workerPath = join(__dirname, ${JSON.stringify(PUSHER)});`,
    }));
  },
};

/** What was bundled, and from which files. */
interface Made {
  /** Name of the bundle's folder. */
  readonly name: string;
  /** Time of change and size of every source file. */
  readonly sources: Readonly<Record<string, string>>;
}

/** The bundle below `.cache/agent/` of the repository, made anew only if a source file has changed. Throws what esbuild throws. */
export async function agentBundle(): Promise<AgentBundle> {
  const root = join(import.meta.dirname, "../../..");
  const cache = join(root, ".cache/agent");
  const folder = madeBefore(root, cache) ?? (await make(root, cache));
  return { importPath: join(folder, PROGRAMS[0].file), instrumentPath: join(folder, PROGRAMS[1].file) };
}

async function make(root: string, cache: string): Promise<string> {
  const built = await Promise.all(PROGRAMS.map(({ entry, pushes }) => bundleOf(root, entry, pushes)));
  const codes = built.map(({ outputFiles }) => outputFiles[0]!.contents);
  const hash = createHash("sha256");
  for (const code of codes) hash.update(code);
  const name = hash.digest("hex").slice(0, 16);
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  for (const [index, { file }] of PROGRAMS.entries()) place(folder, file, codes[index]!);
  const own = relative(root, import.meta.filename);
  const inputs = new Set([own, ...built.flatMap(({ metafile }) => Object.keys(metafile.inputs))]);
  const sources = Object.fromEntries([...inputs].map((path) => [path, stampOf(root, path)]));
  place(cache, "made.json", Buffer.from(JSON.stringify({ name, sources } satisfies Made)));
  return folder;
}

/** The last bundle's folder, if nothing that it was made of has changed since. */
function madeBefore(root: string, cache: string): string | undefined {
  try {
    const { name, sources } = JSON.parse(readFileSync(join(cache, "made.json"), "utf8")) as Made;
    const folder = join(cache, name);
    for (const { file } of PROGRAMS) statSync(join(folder, file));
    return Object.entries(sources).every(([path, stamp]) => stampOf(root, path) === stamp) ? folder : undefined;
  } catch {
    return undefined;
  }
}

function stampOf(root: string, path: string): string {
  const { mtimeMs, size } = statSync(join(root, path));
  return `${mtimeMs}/${size}`;
}

async function bundleOf(
  root: string,
  entry: string,
  pushes: boolean,
): Promise<BuildResult<{ write: false; metafile: true }>> {
  const { build } = await import("esbuild");
  return build({
    entryPoints: [join(import.meta.dirname, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    // CommonJS: what a runtime lacks, as zstd in Node 20, is undefined there and no error of linking.
    format: "cjs",
    target: "node20.15",
    plugins: pushes ? [] : [laterIsNever, unusedContracts, pusherBeside],
  });
}

/** Another process may be making the same file: a rename shows whole ones only. */
function place(folder: string, name: string, code: Uint8Array): void {
  const draft = join(folder, `${name}.${process.pid}`);
  writeFileSync(draft, code);
  renameSync(draft, join(folder, name));
}
