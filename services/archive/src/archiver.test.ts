import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { delay } from "@wayward/base";
import { FORMAT, MAGIC, sealEnvelope } from "@wayward/block";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { deleteSession, loadPartition } from "@wayward/chunk";
import { newSessionId, sessionText } from "@wayward/record";
import { openStore, partitionPrefix, type Store } from "@wayward/store";
import { startArchiver } from "./archiver.ts";

const session = Buffer.from(newSessionId(1));
const address = { tenant: "default", session: sessionText(session) };
const prefix = partitionPrefix("default", 0);
let folder: string;
let bus: Bus;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wayward-archive-"));
  bus = openEmbeddedBus({ path: join(folder, "bus.db"), partitions: 1 });
  store = await openStore(pathToFileURL(join(folder, "store")).href);
});

afterEach(async () => {
  await bus.close();
  await store.close();
  await rm(folder, { recursive: true });
});

function block(seq: number, name = "first"): Buffer {
  const description = api.SessionDescription.fromPartial({ name });
  const header = api.BlockHeader.fromPartial({ magic: MAGIC, format: FORMAT, session, seq: BigInt(seq), description });
  return sealEnvelope(api.BlockHeader.encode(header).finish(), Buffer.alloc(0));
}

/** Waits until nothing is left on the bus: all of it is in the log by then. */
async function drained(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { first, last } = await bus.bounds(0);
    if (last < first) return;
    await delay(20);
  }
  throw new Error("the bus still holds messages after 4 s");
}

test("two archivers commit each block once, put others aside, and drop a deleted session's blocks", async () => {
  const warn = (message: string) => process.stderr.write(`${message}\n`);
  const options = { bus, store, partitions: 1, flushMs: 20, warn };
  const archivers = [await startArchiver(options), await startArchiver(options)];
  const bodies = [block(0), block(1), block(0), block(0, "other"), Buffer.from("garbage"), block(2)];
  for (const body of bodies) await bus.publish(0, address, body);
  await drained();

  const found = (await loadPartition(store, prefix)).sessions.get(address.session)!;
  expect(found.committed.toArray()).toEqual([{ first: 0n, last: 2n }]);
  expect(found.description?.name).toBe("first");
  expect(found.poisoned.map(({ cause }) => cause).sort()).toEqual([1, 2]);
  expect(await bus.topics.get(`watermark/${address.session}`)).toBeDefined();

  const deletion = { prefix, session, writer: Buffer.alloc(16), now: 0n };
  await expect(deleteSession(store, { ...deletion, force: false })).rejects.toMatchObject({ reason: "SESSION_OPEN" });
  await deleteSession(store, { ...deletion, force: true });
  await bus.publish(0, address, block(3));
  await drained();
  for (const archiver of archivers) await archiver.stop();
  const state = await loadPartition(store, prefix);
  expect(state.sessions.get(address.session)!.deleted).toBe(true);
});

test("another number of partitions than the store's is refused", async () => {
  const archiver = await startArchiver({ bus, store, partitions: 1 });
  await archiver.stop();
  await expect(startArchiver({ bus, store, partitions: 2 })).rejects.toMatchObject({ reason: "LAYOUT_MISMATCH" });
});
