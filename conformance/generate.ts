/**
 * `node conformance/generate.ts`: writes conformance/vectors anew. Each sample
 * is a block (`.bin`) and what it means (`.json`, see README.md).
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describeBlock } from "./describe.ts";
import { refusals } from "./refusals.ts";
import { goodSamples } from "./samples.ts";

const folder = new URL("vectors/", import.meta.url);

function write(name: string, bytes: Uint8Array, meaning: object): void {
  writeFileSync(new URL(`${name}.bin`, folder), bytes);
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(meaning, null, 1)}\n`);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const samples = goodSamples();
for (const { name, bytes } of samples) write(name, bytes, describeBlock(bytes));
const base = samples.find(({ name }) => name === "kind-log.message");
if (base === undefined) throw new Error("the sample that refusals are made from is missing");
const refused = refusals(base.bytes);
for (const { name, bytes, error } of refused) write(name, bytes, { error });
process.stdout.write(`${samples.length} blocks and ${refused.length} refusals in conformance/vectors\n`);
