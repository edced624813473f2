/**
 * `npm run check`: every check of the source that runs no code of ours, all
 * at the same time. One line a part with its time; what failed follows in
 * full. `npm run check -- types lint` runs only the parts named.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";

interface Part {
  readonly name: string;
  /** A program of node_modules/.bin, or a script for this Node, then arguments. */
  readonly command: readonly string[];
  /** Folder to run in, beside the repository's root. */
  readonly folder?: string;
}

interface Outcome {
  readonly part: Part;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

const root = new URL("..", import.meta.url).pathname;

const parts: readonly Part[] = [
  { name: "types", command: ["node", `${root}node_modules/@typescript/native/bin/tsc`, "--project", ".", "--pretty"] },
  { name: "lint", command: ["biome", "check", "--error-on-warnings", "--max-diagnostics=none", "--colors=off"] },
  {
    name: "boundaries",
    command: ["depcruise", "--config", ".dependency-cruiser.cjs", "--output-type", "err-long", ...sourceFolders()],
  },
  { name: "dead code", command: ["knip", "--no-progress"] },
  { name: "proto lint", command: ["buf", "lint"], folder: "proto" },
  { name: "proto breaking", command: ["buf", "breaking", "--against", "baseline.binpb"], folder: "proto" },
];

/** What the import rules look at: every folder that holds code. */
function sourceFolders(): string[] {
  const all = ["packages", "services", "agents", "clients", "deploy", "samples", "conformance", "test", "bench"];
  return all.filter((folder) => existsSync(`${root}${folder}`));
}

function run(part: Part): Promise<Outcome> {
  const [program = "", ...args] = part.command;
  const start = performance.now();
  const child = spawn(program, args, {
    cwd: `${root}${part.folder ?? ""}`,
    env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const seconds = (performance.now() - start) / 1000;
      resolve({ part, ok: code === 0, seconds, output: Buffer.concat(chunks).toString() });
    });
  });
}

function printLine({ part, ok, seconds }: Outcome): void {
  process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${part.name.padEnd(16)}${seconds.toFixed(1).padStart(5)} s\n`);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  const names = parts.map((part) => part.name).join(", ");
  process.stderr.write(`no part is called ${unknown.join(", ")}; there are ${names}\n`);
  process.exit(2);
}

const chosen = parts.filter((part) => asked.length === 0 || asked.includes(part.name));
const outcomes = await Promise.all(
  chosen.map(async (part) => {
    const outcome = await run(part);
    printLine(outcome);
    return outcome;
  }),
);

const failed = outcomes.filter((outcome) => !outcome.ok);
for (const { part, output } of failed) process.stdout.write(`\n== ${part.name}\n${output.trim()}\n`);
if (failed.length > 0) process.exitCode = 1;
