import { describe, expect, test } from "@jest/globals";
import { WaywardError } from "@wayward/base";
import { createMetrics } from "@wayward/service-kit";
import { countCalls } from "./calls.ts";

async function* numbers(failure?: Error) {
  yield 1;
  yield 2;
  if (failure !== undefined) throw failure;
}

describe("the count of calls", () => {
  test("has the code that each caller got, and the time", async () => {
    const metrics = createMetrics();
    const calls = countCalls(metrics);
    const { signal } = new AbortController();
    const missing = new WaywardError("NOT_FOUND", "NO_SESSION", "session x is not here");
    const all = async (failure?: Error) => {
      for await (const _ of calls.many("Read", numbers(failure), signal));
    };
    expect(await calls.one("GetSession", async () => "it")).toBe("it");
    await expect(calls.one("GetSession", () => Promise.reject(missing))).rejects.toBe(missing);
    await all();
    await expect(all(missing)).rejects.toBe(missing);
    await expect(all(new Error("nobody foresaw it"))).rejects.toThrow();
    for await (const _ of calls.many("Read", numbers(), signal)) break;
    const text = await metrics.text();
    for (const [method, code] of [
      ["GetSession", "OK"],
      ["GetSession", "NOT_FOUND"],
      ["Read", "OK"],
      ["Read", "NOT_FOUND"],
      ["Read", "UNKNOWN"],
      ["Read", "CANCELLED"],
    ]) {
      expect(text).toContain(`wayward_query_calls_total{method="${method}",code="${code}"} 1\n`);
    }
    expect(text).toContain('wayward_query_seconds_count{method="Read"} 4\n');
  });
});
