/**
 * `npm start`: the all-in-one with the sample cluster, and what is to be seen
 * there. Stays up until Ctrl-C; with `--once` it ends after the report. One
 * fault is planted, which the report tells; `--no-fault` leaves it out.
 */
import { join, relative } from "node:path";
import { wayward } from "./process.ts";
import { tellStory } from "./story.ts";

const once = process.argv.includes("--once");
const fault = !process.argv.includes("--no-fault");
const data = process.env.WAYWARD_DATA ?? join(new URL("../../", import.meta.url).pathname, ".wayward");
const port = process.env.WAYWARD_PORT ?? "4610";
const httpPort = process.env.WAYWARD_HTTP_PORT ?? "4611";

/** Starts the server again on what was recorded, where the commands find it. */
function upCommand(server: string): string {
  const near = relative(process.cwd(), data);
  const command = `npx wayward up --data ${near.startsWith("..") ? data : near}`;
  if (server.endsWith(":4610")) return `${command}    # in a terminal of its own`;
  return `${command} --port ${port}    # in a terminal of its own; here: export WAYWARD_SERVER=${server}`;
}

const up = wayward(["up", "--data", data, "--port", port, "--http-port", httpPort], {});
let failed = false;
try {
  const server = await up.says(/ready: gRPC at (\S+?),/, 20_000);
  process.stdout.write(`wayward is up at ${server}, data in ${data}\n`);
  const before = once ? [upCommand(server)] : [];
  await tellStory({ env: { WAYWARD_SERVER: server }, spool: join(data, "spool"), seconds: 5, fault, before });
  if (!once) {
    process.stdout.write("\nStill up; Ctrl-C ends it.\n");
    await new Promise<void>((resolve) => {
      process.once("SIGINT", resolve);
      process.once("SIGTERM", resolve);
      void up.ended.then(() => resolve());
    });
  }
} catch (error) {
  failed = true;
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
} finally {
  await up.stop();
}
process.exit(failed ? 1 : 0);
