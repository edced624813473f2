import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** The agent as plain JavaScript for Node 20.15 and later. Absolute paths. */
export interface AgentBundle {
  /** What programs import. */
  readonly importPath: string;
  /** What `node --import` loads to record a program that nobody has prepared. */
  readonly instrumentPath: string;
}

const RESOLVING = "resolving";

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

/** What is loaded only when needed is the pusher's: a program that only writes its spool needs none of it. */
const laterIsNever: Plugin = {
  name: "later-is-never",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** Bundles the agent into `.cache/agent/<hash>/` of the repository. Throws what esbuild throws. */
export async function agentBundle(): Promise<AgentBundle> {
  const root = join(import.meta.dirname, "../../..");
  const [api, instrument] = await Promise.all([bundleOf(root, "api.ts"), bundleOf(root, "instrument/main.ts")]);
  const hash = createHash("sha256").update(api).update(instrument).digest("hex").slice(0, 16);
  const folder = join(root, ".cache/agent", hash);
  mkdirSync(folder, { recursive: true });
  return { importPath: place(folder, "agent.cjs", api), instrumentPath: place(folder, "instrument.cjs", instrument) };
}

async function bundleOf(root: string, entry: string): Promise<Uint8Array> {
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "node",
    // CommonJS: what a runtime lacks, as zstd in Node 20, is undefined there and no error of linking.
    format: "cjs",
    target: "node20.15",
    plugins: [laterIsNever, unusedContracts],
  });
  return result.outputFiles[0]!.contents;
}

/** Another process may be making the same file: a rename shows whole ones only. */
function place(folder: string, name: string, code: Uint8Array): string {
  const path = join(folder, name);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, path);
  return path;
}
