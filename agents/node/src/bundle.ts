import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** The agent as plain JavaScript. */
export interface AgentBundle {
  /** Absolute path of the module. */
  readonly importPath: string;
}

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
const RESOLVING = "resolving";

/** What is loaded only when needed is the pusher's: a program that only writes its spool needs none of it. */
const laterIsNever: Plugin = {
  name: "later-is-never",
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/** Bundles the agent for Node 20.15 and later into `.cache/agent/<hash>/` of the repository. Throws what esbuild throws. */
export async function agentBundle(): Promise<AgentBundle> {
  const root = join(import.meta.dirname, "../../..");
  const result = await build({
    entryPoints: [join(import.meta.dirname, "index.ts")],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "node",
    // CommonJS: what a runtime lacks, as zstd in Node 20, is undefined there and no error of linking.
    format: "cjs",
    target: "node20.15",
    plugins: [laterIsNever, unusedContracts],
  });
  const code = result.outputFiles[0]!.contents;
  const folder = join(root, ".cache/agent", createHash("sha256").update(code).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true });
  const importPath = join(folder, "agent.cjs");
  // Another process may be making the same: a rename shows whole files only.
  const draft = `${importPath}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, importPath);
  return { importPath };
}
