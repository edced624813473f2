import { expect, test } from "@jest/globals";
import type { ReportedFinding } from "@wayward/analysis";
import { selection } from "@wayward/api";
import { delay } from "@wayward/base";
import { Locking } from "@wayward/testing";
import { PartitionAnalyst } from "./analyst.ts";

test("a session that made room for another one is told to be left out when it speaks again", async () => {
  const warned: [string, unknown][] = [];
  const listener = {
    found: () => {},
    shared: () => {},
    warned: (message: string, { session }: Readonly<Record<string, unknown>>) => warned.push([message, session]),
  };
  const analyst = new PartitionAnalyst(listener, undefined, { sessionsMax: 1, silentMs: 0 });
  const take = (id: Uint8Array, blocks: readonly Uint8Array[], isNew: boolean) => {
    const sessions = isNew ? [{ id: 1, session: Buffer.from(id), description: undefined }] : [];
    const items = blocks.map((block) => ({ block: Buffer.from(block), dictionaries: [], ranges: [] }));
    analyst.take(selection.BlockBatch.fromPartial({ sessions, blocks: items }));
  };
  const silent = new Locking("silent", { seed: 1, start: 1n }).takes("t1", "A", "B");
  take(silent.id, silent.blocks.splice(0), true);
  await delay(5);
  const other = new Locking("other", { seed: 2, start: 1n }).takes("t1", "A", "B");
  take(other.id, other.blocks, true);
  expect(warned).toEqual([]);
  const again = silent.takes("t1", "A", "B").takes("t1", "B", "A").blocks;
  for (const block of again) take(silent.id, [block], false);
  expect(warned).toEqual([["a session is not analysed live", silent.text]]);
});

test("a session that is named again, as it was quiet for long, goes on where it was", () => {
  const found: string[] = [];
  const listener = {
    found: ({ rule, unproven }: ReportedFinding) => found.push(`${rule} ${unproven}`),
    shared: () => {},
    warned: () => {},
  };
  const analyst = new PartitionAnalyst(listener, undefined);
  const quiet = new Locking("quiet", { seed: 3, start: 1n }).takes("t1", "A", "B").takes("t2", "B", "A");
  for (const block of quiet.blocks) {
    const sessions = [{ id: 1, session: Buffer.from(quiet.id), description: undefined }];
    const blocks = [{ block: Buffer.from(block), dictionaries: [], ranges: [] }];
    analyst.take(selection.BlockBatch.fromPartial({ sessions, blocks }));
  }
  expect(found).toEqual(["order.inversion "]);
});
