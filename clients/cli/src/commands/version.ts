import { readFileSync } from "node:fs";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";

/** Version of this release. */
export function releaseVersion(): string {
  const { version: release } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(release);
}

/** `wayward version`. */
export async function version(options: { readonly json?: boolean }): Promise<void> {
  const facts = { wayward: releaseVersion(), node: process.version };
  await write(options.json ? jsonLine(facts) : `wayward ${facts.wayward} (node ${facts.node})\n`);
}
