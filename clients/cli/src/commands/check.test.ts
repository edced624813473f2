import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { recordedFindings } from "../testing/recorded-findings.ts";
import { checkFindings } from "./check.ts";

describe("checkFindings", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-check-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function* findings() {
    yield* recordedFindings();
  }
  const countsWith = async (options: object) =>
    (await checkFindings(findings(), { failOn: ["warning"], format: "text", ...options })).verdict.counts;

  test("a baseline that was written makes the next check pass, and keeps what people wrote", async () => {
    const file = join(folder, "baseline.json");
    expect(await countsWith({})).toMatchObject({ failed: 2, suppressed: 0 });
    expect(await countsWith({ writeBaseline: file })).toMatchObject({ failed: 0, suppressed: 4 });
    expect(await countsWith({ baseline: file })).toMatchObject({ failed: 0, suppressed: 4 });
    const written = JSON.parse(readFileSync(file, "utf8"));
    Object.assign(written.findings[0], { reason: "on purpose", expires: "2001-01-01" });
    writeFileSync(file, JSON.stringify(written));
    // What has expired stays expired until somebody gives it another day.
    expect(await countsWith({ writeBaseline: file })).toMatchObject({ suppressed: 3 });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(written);
  });

  test("a baseline that is not there is an error, one to write is not", async () => {
    const file = join(folder, "none.json");
    await expect(countsWith({ baseline: file })).rejects.toMatchObject({
      reason: "BAD_BASELINE",
      message: `${file} cannot be read: ENOENT`,
    });
    writeFileSync(file, "{}");
    await expect(countsWith({ writeBaseline: file })).rejects.toMatchObject({ reason: "BAD_BASELINE" });
  });

  test.each([
    ["text", /^error misuse.unlock-not-held: /],
    ["json", /^\{"rule":"misuse.unlock-not-held"/],
    ["junit", /^<\?xml/],
    ["sarif", /"version": "2.1.0"/],
  ] as const)("reports as %s", async (format, begin) => {
    const { report } = await checkFindings(findings(), { failOn: ["warning"], format });
    expect(report).toMatch(begin);
  });
});
