import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { ingest as api } from "@wayward/api";
import { Parcels } from "./parcels.ts";

describe("parcels", () => {
  const folder = mkdtempSync(join(tmpdir(), "parcels-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function read(parcels: Parcels, bytes: Buffer) {
    const path = join(folder, "file");
    writeFileSync(path, bytes);
    const file = openSync(path, "r");
    try {
      return parcels.read(file);
    } finally {
      closeSync(file);
    }
  }

  const filled = (length: number, value: number) => Buffer.alloc(length, value);

  test.each([1, 127, 128, 16_383, 16_384, 65_522, 65_523, 852_000, 2_097_152])(
    "are the request with a block of %d bytes",
    (length) => {
      const parcel = read(new Parcels(), filled(length, 7));
      expect(parcel.block.equals(filled(length, 7))).toBe(true);
      const { block, sent } = api.PushRequest.decode(parcel.message(2n ** 63n + 5n));
      expect(block.equals(filled(length, 7))).toBe(true);
      expect(sent).toBe(2n ** 63n + 5n);
    },
  );

  test("keep their bytes until the server has answered, and lend the room again then", () => {
    const parcels = new Parcels();
    const first = read(parcels, filled(1_000, 1));
    parcels.sent("a", 0n, first);
    const second = read(parcels, filled(1_000, 2));
    parcels.sent("a", 1n, second);
    expect(first.block.equals(filled(1_000, 1))).toBe(true);
    parcels.answered("a", 0n);
    parcels.answered("a", 0n);
    const third = read(parcels, filled(900, 3));
    const fourth = read(parcels, filled(900, 4));
    expect(third.room).toBe(first.room);
    expect(fourth.room).not.toBe(first.room);
    expect(second.block.equals(filled(1_000, 2))).toBe(true);
  });

  test("leave to a connection that is gone what it may still hold", () => {
    const parcels = new Parcels();
    const sent = read(parcels, filled(1_000, 1));
    parcels.sent("a", 0n, sent);
    parcels.forget();
    parcels.answered("a", 0n);
    expect(read(parcels, filled(1_000, 2)).room).not.toBe(sent.room);
  });
});
