import { describe, expect, test } from "@jest/globals";
import { fullFinding, lagFinding } from "./lag.ts";

const gauge = (name: string, values: readonly number[]) =>
  values.map((value, partition) => `${name}{partition="${partition}"} ${value}\n`).join("");

describe("what doctor says of the bus", () => {
  test("has the oldest block that any process tells of", () => {
    const texts = [
      [3, 0],
      [2.5, 12],
    ].map((values) => gauge("wayward_archive_lag_seconds", values));
    expect(lagFinding(texts)).toEqual({
      hop: "lag",
      ok: true,
      what: "what is not archived is at most 12.0 s old (partition 1)",
    });
    expect(lagFinding([...texts, gauge("wayward_archive_lag_seconds", [61])])).toMatchObject({
      ok: false,
      what: expect.stringContaining("61.0 s old (partition 0)"),
      fix: expect.stringContaining("WaywardArchiveLagging"),
    });
  });

  test("has the fullest partition", () => {
    const text = (bytes: readonly number[]) =>
      gauge("wayward_bus_bytes", bytes) + gauge("wayward_bus_bytes_max", [1000, 1000]);
    expect(fullFinding([text([10, 690])])).toMatchObject({
      ok: true,
      what: expect.stringContaining("partition 1 is 69.0 %"),
    });
    expect(fullFinding([text([710, 10])])).toMatchObject({
      ok: false,
      what: expect.stringContaining("partition 0 is 71.0 %"),
    });
  });

  test("says that nobody tells", () => {
    for (const finding of [lagFinding([""]), fullFinding([])])
      expect(finding).toMatchObject({ ok: true, what: expect.stringMatching(/^not looked at/) });
  });
});
