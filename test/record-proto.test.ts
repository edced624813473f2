import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { recordProtos } from "./record-proto.ts";

const folder = new URL("../proto/wayward/record/v1/", import.meta.url);

describe("proto/wayward/record/v1", () => {
  const protos = recordProtos();

  test.each([...protos])("%s.proto declares what packages/record declares", (family, text) => {
    expect(readFileSync(new URL(`${family}.proto`, folder), "utf8")).toBe(text);
  });

  test("has no file of a family that is gone", () => {
    expect(readdirSync(folder).sort()).toEqual([...protos.keys(), "kind"].map((name) => `${name}.proto`).sort());
  });
});
