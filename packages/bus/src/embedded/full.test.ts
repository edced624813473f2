import { execFile } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { EXPIRING_PREFIX } from "../names.ts";
import { openEmbeddedBus } from "./bus.ts";

const run = promisify(execFile);
const BUS = new URL("./bus.ts", import.meta.url).href;

/** Sets a topic in a process whose files may not grow, and prints what became of it and whether a message is still there. */
const PROGRAM = `
const { openEmbeddedBus } = await import(${JSON.stringify(BUS)});
const bus = await openEmbeddedBus({ path: process.argv[1], partitions: 1 });
const outcome = await bus.topics.set("control/levels", Buffer.alloc(200)).then(() => "set", ({ reason }) => reason);
const { first, last } = await bus.bounds(0);
console.log(outcome, Number(last - first) + 1);
await bus.close();
`;

test("a bus that may not write opens with topics to expire, tells what is kept and refuses a topic with a reason", async () => {
  await using folder = await tempFolder("full-bus");
  const path = join(folder.path, "bus.sqlite");
  const bus = await openEmbeddedBus({ path, partitions: 1 });
  const address = { tenant: "default", session: "0".repeat(26) };
  for (let index = 0; index < 40; index++) await bus.publish(0, address, Buffer.alloc(4_000, index));
  await bus.close();
  const database = new DatabaseSync(path);
  database.prepare("INSERT INTO topics VALUES (?, ?, 1, 0)").run(`${EXPIRING_PREFIX}old`, Buffer.from("long ago"));
  database.close();
  const script = 'trap "" XFSZ; ulimit -f 1 && exec "$0" --input-type=module --eval "$1" "$2"';
  const { stdout } = await run("bash", ["-c", script, process.execPath, PROGRAM, path]);
  expect(stdout.trim()).toBe("BUS_UNUSABLE 40");
}, 30_000);
