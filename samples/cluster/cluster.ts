/**
 * `npm run cluster`: the four services with a real NATS server and a real S3
 * server, and the sample programs against them. Stays up until Ctrl-C; with
 * `--once` it ends after the report; `--no-fault` leaves out the planted fault.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster } from "./services.ts";
import { tellStory } from "./story.ts";

const once = process.argv.includes("--once");
const fault = !process.argv.includes("--no-fault");
const spool = mkdtempSync(join(tmpdir(), "wayward-cluster-"));
const cluster = await Cluster.start();
let failed = false;
try {
  const exports = Object.entries(cluster.clientEnv).map(([name, value]) => `${name}=${value}`);
  process.stdout.write(`The cluster is up. For the commands below: export ${exports.join(" ")}\n`);
  await tellStory({ env: cluster.clientEnv, spool, seconds: 5, fault, before: once ? undefined : [] });
  if (!once) {
    process.stdout.write("\nStill up; Ctrl-C ends it.\n");
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
    });
  }
} catch (error) {
  failed = true;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
} finally {
  await cluster.stop();
  rmSync(spool, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
