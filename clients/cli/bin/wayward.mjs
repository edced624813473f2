#!/bin/sh
":" /* The shell runs the lines up to the closing mark, which are a comment to JavaScript.
# It becomes the Node that npm put beside us. Starting an older one first would
# cost 40 ms and leave a process between its caller's signals and the program.
# Versions are judged below, by JavaScript, whoever started it.
if [ -n "$WAYWARD_NODE" ] && [ ! -x "$WAYWARD_NODE" ]; then
  echo "wayward: WAYWARD_NODE=$WAYWARD_NODE is not a program that can be run" >&2
  exit 2
fi
here=${0%/*}
for node in "$WAYWARD_NODE" "$here/node" "$here/../../../node_modules/.bin/node"; do
  [ -x "$node" ] && exec "$node" "$0" "$@"
done
command -v node >/dev/null && exec node "$0" "$@"
echo "wayward: there is no node on PATH; install Node 24 or name it in WAYWARD_NODE" >&2
exit 1
*/;

// Starts the command line on a Node that can run it. Plain JavaScript that
// Node 14 understands, so that an old Node ends in a sentence, not in a stack.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Runs TypeScript as it stands and has node:sqlite and zstd. */
const LEAST_MAJOR = 24;

const self = fileURLToPath(import.meta.url);

if (isEnough(process.version)) {
  // Keeps compiled code between runs: half the time to the first output.
  if (module.enableCompileCache) module.enableCompileCache();
  void import("../src/main.ts");
} else {
  handOver();
}

function handOver() {
  const named = process.env.WAYWARD_NODE;
  const node = named ? checked(named) : findPackaged() || findOnPath();
  if (node) runOn(node);
  else fail(`needs Node ${LEAST_MAJOR} or later, this is ${process.version}; install one or name it in WAYWARD_NODE`, 1);
}

/** The Node that WAYWARD_NODE names; refuses one that is too old instead of looking further. */
function checked(node) {
  const version = versionOf(node);
  if (!version) return fail(`WAYWARD_NODE=${node} is not a Node that can be run`, 2);
  if (!isEnough(version)) return fail(`WAYWARD_NODE=${node} is Node ${version}, not ${LEAST_MAJOR} or later`, 2);
  return node;
}

/** The binary of the npm package, in the nearest node_modules above this file. */
function findPackaged() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const home = join(folder, "node_modules", name);
    const node = join(home, "bin", "node");
    if (existsSync(node) && isEnough(JSON.parse(readFileSync(join(home, "package.json"), "utf8")).version)) return node;
    if (folder === dirname(folder)) return undefined;
  }
}

function findOnPath() {
  const places = (process.env.PATH || "").split(delimiter).map((folder) => join(folder, "node"));
  return places.find((node) => node !== process.execPath && existsSync(node) && isEnough(versionOf(node)));
}

/** Becomes, as far as a parent process can, the same program on that Node: its streams, signals and exit. */
function runOn(node) {
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGUSR2"]) {
    // A terminal sends Ctrl-C and Ctrl-\ to the whole group: passed on, the child would get them twice.
    const sentByTerminal = onTerminal && (signal === "SIGINT" || signal === "SIGQUIT");
    process.on(signal, () => sentByTerminal || child.kill(signal));
  }
  child.on("error", (error) => fail(`${node} cannot be run: ${error.message}`, 1));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function versionOf(node) {
  const answer = spawnSync(node, ["-p", "process.version"], { encoding: "utf8", timeout: 5000 });
  return answer.status === 0 ? answer.stdout.trim() : undefined;
}

function isEnough(version) {
  return version !== undefined && Number.parseInt(version.replace("v", ""), 10) >= LEAST_MAJOR;
}

function fail(message, code) {
  process.stderr.write(`wayward: ${message}\n`);
  process.exit(code);
}
