/**
 * What programs import. Where Node runs TypeScript as it stands, that is the
 * source; on an older one the bundle, which a Node 24 makes where it is not
 * there or its source has changed: about 0.1 s of the program's start.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = new URL("src/index.ts", import.meta.url).href;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAKE = `import(${JSON.stringify(SOURCE)}).then(({ agentBundle }) => agentBundle()).then(({ importPath }) => process.stdout.write(importPath))`;

function bundled() {
  const node = process.env.WAYWARD_NODE || join(ROOT, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (!existsSync(node)) throw noBundle(`${node} is not there; install Node 24 and name it in WAYWARD_NODE`);
  const { status, stdout, stderr, error } = spawnSync(node, ["--input-type=module", "-e", MAKE], {
    encoding: "utf8",
    // What this program preloads must not run there.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (status !== 0) throw noBundle(error?.message ?? stderr.trim());
  return createRequire(import.meta.url)(stdout);
}

function noBundle(why) {
  return new Error(
    `@wayward/agent: Node ${process.versions.node} needs the agent as a bundle, which cannot be made: ${why}`,
  );
}

const api = Number.parseInt(process.versions.node, 10) >= 24 ? await import("./src/index.ts") : bundled();

export const { start, formatTraceparent, parseTraceparent, agentBundle } = api;
