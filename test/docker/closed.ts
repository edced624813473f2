import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority, tempFolder } from "@wayward/testing";
import { tellStory } from "../../samples/cluster/story.ts";
import { CLOSED, Project } from "./compose.ts";
import { hardened } from "./hardened.ts";
import { watched } from "./monitored.ts";
import { recordHello, recordsOf, WAYWARD } from "./record.ts";
import { row } from "./rows.ts";
import { said } from "./run.ts";

/** As docs/operate/access.md has its certificate. */
const NAMES = "DNS:localhost,IP:127.0.0.1,DNS:wayward,DNS:ingest,DNS:archive,DNS:query,DNS:stream";
const READ_MS = 60_000;

/** Files of deploy/compose/closed.yml, made as docs/operate/access.md tells. */
async function makeDoors(folder: string): Promise<void> {
  const { keyFile } = new Authority(folder).issue("server", { names: NAMES });
  const keys = join(folder, "keys");
  const make = async (file: string, ...scopes: string[]) => {
    const key = await said(process.execPath, [WAYWARD, "keys", "create", "--file", keys, "--scope", ...scopes]);
    await writeFile(join(folder, file), `${key}\n`);
  };
  await make("service.key", "ingest");
  await make("ann.key", "ingest", "read");
  // Who starts an engine may be anyone, so nothing is given to user 65532 here.
  for (const file of [keys, keyFile]) await chmod(file, 0o644);
}

/**
 * Brings both shapes up with keys and TLS: they let in who has both, and
 * nobody else; services reach each other, and Prometheus them.
 */
export async function closed(engineEnv: NodeJS.ProcessEnv, compose: readonly string[]): Promise<void> {
  await using folder = await tempFolder("e2e-closed");
  const doors = join(folder.path, "doors");
  // Of this folder's own owner is the one around it.
  await mkdir(doors, { mode: 0o755 });
  await makeDoors(doors);
  const project = await Project.create(compose, { ...engineEnv, WAYWARD_DOORS: doors }, CLOSED);
  const ann = { WAYWARD_CA: join(doors, "ca.pem"), WAYWARD_KEY_FILE: join(doors, "ann.key") };
  const single = { WAYWARD_SERVER: `https://${project.address("PORT")}`, WAYWARD_SPOOL: join(folder.path, "spool") };
  const cluster = {
    WAYWARD_INGEST: `https://${project.address("INGEST_PORT")}`,
    WAYWARD_QUERY: `https://${project.address("QUERY_PORT")}`,
    WAYWARD_STREAM: `https://${project.address("STREAM_PORT")}`,
  };
  try {
    await project.up("demo", "ingest", "archive", "query", "stream", "prometheus");
    await recordHello("hello", { ...single, ...ann });
    const read = await recordsOf("hello", { ...single, ...ann }, READ_MS);
    const sold = await recordsOf("shop", { ...single, ...ann }, READ_MS);
    row("closed: all-in-one", "a record in and out, and the demo's, with a key over TLS", [
      read === "" && "nothing is read back",
      sold === "" && "nothing of the demo is read",
    ]);
    const key = await readFile(join(doors, "ann.key"), "utf8");
    const told = await project.wayward({ WAYWARD_KEY: key.trim() }, "sessions");
    row("closed: a command", "wayward sessions, by the image", [!told.includes("hello") && `it tells ${told}`]);
    const keyless = { env: { ...single, ...ann, WAYWARD_KEY_FILE: "" } };
    const refusal = await said(process.execPath, [WAYWARD, "sessions"], keyless).then(
      () => "everyone is let in",
      (error: Error) => error.message.replace(/^.*?sessions: /, ""),
    );
    row("closed: without a key", refusal.slice(0, 78), [!refusal.includes("no key was given") && "other words"]);
    const spool = join(folder.path, "story");
    const story = { env: { ...cluster, ...ann, NODE_OPTIONS: "" }, spool, seconds: 3, fault: true, before: undefined };
    const failure = await tellStory(story).then(
      () => undefined,
      (error: Error) => error.message,
    );
    row("closed: cluster", "the sample's fault is found live and in the archive", [failure !== undefined && failure]);
    await watched("closed", project);
    await hardened("closed", project);
  } finally {
    await project.down(true);
  }
}
