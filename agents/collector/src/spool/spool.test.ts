import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { newSessionId } from "@wayward/record";
import { blockFile } from "./layout.ts";
import { Spool } from "./spool.ts";

describe("a spool", () => {
  let root: string;
  let spool: Spool;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "spool-"));
    spool = new Spool({ root, session: newSessionId(Date.now()), description: new Uint8Array() });
  });
  afterEach(() => {
    spool.close();
    rmSync(root, { recursive: true });
  });

  test("holds each block whole under its number, and nothing beside", () => {
    for (const seq of [0n, 1n]) spool.append(seq, Buffer.from(`block ${seq}`));
    expect(readFileSync(blockFile(spool.folder, 1n), "utf8")).toBe("block 1");
    expect(readdirSync(spool.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("leaves the end that an adopter has put in its writer's place, and is lost then", () => {
    spool.append(0n, Buffer.from("block 0"));
    writeFileSync(blockFile(spool.folder, 1n), "the adopter's end");
    expect(() => spool.append(1n, Buffer.from("block 1"))).toThrow(/another process has taken it over/);
    expect(readFileSync(blockFile(spool.folder, 1n), "utf8")).toBe("the adopter's end");
    expect(spool.takenOver()).toBe(true);
    expect(spool.lost).toMatchObject({ code: "ABORTED", reason: "SPOOL_LOST" });
    expect(() => spool.append(2n, Buffer.from("block 2"))).toThrow(/taken it over/);
  });
});
