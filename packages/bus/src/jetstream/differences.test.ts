import { describe, expect, test } from "@jest/globals";
import { requireReplicas, streamDifferences } from "./differences.ts";

const stream = (name: string, max_bytes: number, num_replicas: number) => ({
  config: { name, max_bytes, num_replicas },
});
const limits = { maxBytes: 1000, replicas: 3 };

describe("present streams", () => {
  test("that are as it is set differ in nothing", () => {
    const streams = [stream("wm-0", 1000, 3), stream("wm-topics", 64, 3)];
    expect(streamDifferences(streams, limits)).toEqual([]);
    expect(() => requireReplicas(streams, 3)).not.toThrow();
  });

  test("tell once for each other value what they have", () => {
    const streams = [
      stream("wm-0", 500, 3),
      stream("wm-1", 500, 1),
      stream("wm-2", 700, 3),
      stream("wm-topics", 64, 1),
    ];
    const how = "it holds for new streams, present ones change by `nats stream edit`";
    expect(streamDifferences(streams, limits)).toEqual([
      `stream wm-0 and 1 more have max_bytes 500, WAYWARD_BUS_BYTES is 1000: ${how}`,
      `stream wm-2 has max_bytes 700, WAYWARD_BUS_BYTES is 1000: ${how}`,
      `stream wm-1 and 1 more have num_replicas 1, WAYWARD_BUS_REPLICAS is 3: ${how}`,
    ]);
  });

  test("with fewer copies are refused where durability is required", () => {
    expect(() => requireReplicas([stream("wm-1", 500, 1)], 3)).toThrow(
      "durability is required, but stream wm-1 has 1 copies, 3 are set (WAYWARD_BUS_REPLICAS)",
    );
    expect(() => requireReplicas([stream("wm-1", 500, 5)], 3)).not.toThrow();
  });
});
