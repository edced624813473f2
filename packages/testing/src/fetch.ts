/**
 * `node packages/testing/src/fetch.ts [nats-server] [versitygw] [helm] …`: puts
 * the servers that the tests need, or the programs named, into .cache/bin, or
 * finds them elsewhere. Says what it does, exits with 1 if one cannot be had.
 */
import { fetchBinary } from "./binaries.ts";
import { SERVERS, TOOLS, type Tool } from "./tools.ts";

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !TOOLS.some((tool) => tool === name));
if (unknown.length > 0) {
  process.stderr.write(`no program is called ${unknown.join(", ")}; there are ${TOOLS.join(", ")}\n`);
  process.exit(2);
}

const started = performance.now();
const say = (line: string) => {
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${line}\n`);
};

const wanted: readonly Tool[] = asked.length === 0 ? SERVERS : TOOLS.filter((tool) => asked.includes(tool));
for (const tool of wanted) {
  const found = await fetchBinary(tool, say);
  if (found.path !== undefined) {
    process.stdout.write(`${tool} ${found.version} from ${found.source}: ${found.path}\n`);
    continue;
  }
  process.stderr.write(`${tool} cannot be had here:\n${found.tried.map((line) => `  - ${line}`).join("\n")}\n`);
  process.exitCode = 1;
}
