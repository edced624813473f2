import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { RULES } from "@wayward/analysis";
import { CONTROL_BYTES_MAX } from "@wayward/record";
import { parseSuppression, topicOf } from "./suppression.ts";

test("500 suppressions with the longest texts have room in their topics", () => {
  const longest = Object.keys(RULES).reduce((a, b) => (a.length < b.length ? b : a));
  const options = { reason: "r".repeat(120), rule: longest, expires: "2030-01-31T10:00:00Z", by: "b".repeat(40) };
  const topics = new Map<string, object[]>();
  for (let index = 0; index < 500; index++) {
    const fingerprint = createHash("sha256").update(String(index)).digest("hex").slice(0, 32);
    const topic = topicOf(fingerprint);
    topics.set(topic, [...(topics.get(topic) ?? []), parseSuppression(fingerprint, options, 0)]);
  }
  expect(topics.size).toBe(16);
  for (const rules of topics.values()) {
    expect(Buffer.byteLength(JSON.stringify({ rules }))).toBeLessThanOrEqual(CONTROL_BYTES_MAX);
  }
});
