/**
 * `npm run conformance:python`: a reader in another language, written from
 * FORMAT.md alone (conformance/python), reads every vector and one archived
 * chunk to the values that this release reads.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unwrap } from "@wayward/base";
import { Dictionary, parseEnvelope, verifyBlock } from "@wayward/block";
import { blockAt, decodeFooter } from "@wayward/chunk";
import { wayward } from "../samples/cluster/process.ts";
import { describeRecords } from "./describe.ts";

const run = promisify(execFile);
process.env.PYTHONDONTWRITEBYTECODE = "1";
const root = join(import.meta.dirname, "..");
const folder = join(import.meta.dirname, "python");
const venv = join(root, ".cache", "python");

/** The interpreter with what `requirements.txt` names. */
async function python(): Promise<string> {
  const program = join(venv, "bin", "python");
  if (!existsSync(program)) await run("python3", ["-m", "venv", venv]);
  await run(program, ["-m", "pip", "install", "--quiet", "--requirement", join(folder, "requirements.txt")]);
  return program;
}

/** A chunk as the archive makes it of two runs of the hello sample. */
async function archivedChunk(data: string): Promise<string> {
  const up = wayward(["up", "--data", data, "--port", "0", "--http-port", "0"], {});
  try {
    const env = { WAYWARD_SERVER: await up.says(/gRPC at (\S+),/, 20_000), WAYWARD_SPOOL: join(data, "spool") };
    for (let times = 0; times < 2; times++) {
      const sample = wayward(["run", "--", "node", "samples/hello/hello.mjs"], env);
      if ((await sample.ended) !== 0) throw new Error("samples/hello ended with an error");
    }
    return await firstChunk(data);
  } finally {
    await up.stop();
  }
}

/** The first chunk in the store. The archive writes one within its flush interval of 10 s. */
async function firstChunk(data: string): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    const found = readdirSync(data, { recursive: true, encoding: "utf8" }).find((path) => /\/p\/\d+\/c\//.test(path));
    if (found !== undefined) return join(data, found);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no chunk in ${data} after 30 s`);
}

/** The chunk's records as the vectors describe records, one JSON a line. */
function describeChunk(path: string): string[] {
  const chunk = readFileSync(path);
  return decodeFooter(chunk).sessions.flatMap(({ blocks }) => {
    let dictionary = new Dictionary();
    return blocks.flatMap((entry) => {
      if (entry.seq % 64n === 0n) dictionary = new Dictionary();
      const block = verifyBlock(unwrap(parseEnvelope(blockAt(chunk, entry))), dictionary);
      return [...describeRecords(block, dictionary)].map((record) => JSON.stringify(record));
    });
  });
}

/** How many lines are equal. Throws at the first that is not. */
function compare(ours: readonly string[], theirs: readonly string[]): number {
  for (const [index, line] of ours.entries()) {
    if (line !== theirs[index]) throw new Error(`record ${index} is\n${line}\nand was read as\n${theirs[index]}`);
  }
  if (theirs.length !== ours.length) throw new Error(`${theirs.length} records were read, ${ours.length} are there`);
  return ours.length;
}

const data = mkdtempSync(join(tmpdir(), "wayward-python-"));
try {
  const program = await python();
  const decoder = join(folder, "decode.py");
  const vectors = await run(program, [decoder, join(import.meta.dirname, "vectors")], { maxBuffer: 1 << 26 });
  process.stdout.write(`vectors: ${vectors.stdout.trim().split("\n").at(-1)}\n`);
  const chunk = join(data, "chunk");
  writeFileSync(chunk, readFileSync(await archivedChunk(join(data, "up"))));
  const { stdout } = await run(program, [decoder, "--chunk", chunk], { maxBuffer: 1 << 28 });
  const records = compare(describeChunk(chunk), stdout.split("\n").slice(0, -1));
  process.stdout.write(`one archived chunk: ${records} records equal\n`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
