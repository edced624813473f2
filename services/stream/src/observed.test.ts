import { expect, test } from "@jest/globals";
import { unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { openEmbeddedBus } from "@wayward/bus";
import { RangeSet } from "@wayward/chunk";
import { Catalogue } from "@wayward/reader";
import { openStore } from "@wayward/store";
import { tempFolder } from "@wayward/testing";
import { ObservedSession } from "./observed.ts";
import { Notes } from "./testing/notes.ts";

test("definitions are kept for observers of blocks alone, and not the blocks with them", async () => {
  await using folder = await tempFolder("observed");
  const bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: 1 });
  const store = await openStore(`file://${folder.path}/store`);
  const catalogue = new Catalogue({ bus, store, partitions: 1, tenant: "default" });
  const notes = new Notes("kept");
  const envelopes = notes.many(5).map((block) => unwrap(parseEnvelope(block)));
  const view = { id: notes.id, text: notes.text, partition: 0, description: undefined };
  const kept = async (isOfBlocks: boolean) => {
    const observed = new ObservedSession(view, new RangeSet(), isOfBlocks);
    for (const envelope of envelopes) await observed.open(envelope, catalogue);
    return observed.takeDefinitions(5n);
  };
  expect(await kept(false)).toEqual([]);
  const items = await kept(true);
  expect(items.map(({ seq }) => seq)).toEqual([0n, 1n, 2n, 3n, 4n]);
  for (const [at, { header, section }] of items.entries()) {
    expect(header).toEqual(Buffer.from(envelopes[at]!.headerBytes));
    for (const bytes of [header, section]) expect(bytes.buffer).not.toBe(envelopes[at]!.bytes.buffer);
  }
  await bus.close();
  await store.close();
});
