import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";
import { release } from "../release.ts";

/** `wayward version`. */
export async function version(options: { readonly json?: boolean }): Promise<void> {
  const facts = { wayward: release().version, node: process.version, bundle: release().bundle ?? null };
  await write(options.json ? jsonLine(facts) : `wayward ${facts.wayward} (node ${facts.node})\n`);
}
