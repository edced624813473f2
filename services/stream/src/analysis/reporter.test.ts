import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import type { ReportedFinding } from "@wayward/analysis";
import { delay, unwrap } from "@wayward/base";
import { parseEnvelope } from "@wayward/block";
import { createLog } from "@wayward/service-kit";
import { tempFolder, until } from "@wayward/testing";
import { FindingReporter } from "./reporter.ts";

const finding = (title: string): ReportedFinding => ({
  rule: "order.inversion",
  severity: "error",
  title,
  message: title,
  fingerprint: "00".repeat(16),
  count: 1,
  first: 1n,
  last: 1n,
  sessions: [],
  locks: [],
  evidence: [],
  unproven: "",
  detail: {},
});

test("findings that a lost spool has not taken are told in another session, as is what follows", async () => {
  await using folder = await tempFolder("reporter");
  const root = `${folder.path}/spools`;
  const reporter = new FindingReporter({ root, address: () => "", service: "test", log: createLog("error") });
  await using _ = { [Symbol.asyncDispose]: () => reporter.close(0) };
  const headers = () =>
    readdirSync(root).flatMap((session) =>
      readdirSync(`${root}/${session}`)
        .filter((name) => name.endsWith(".block"))
        .sort()
        .map((name) => unwrap(parseEnvelope(readFileSync(`${root}/${session}/${name}`))).header),
    );
  reporter.report(finding("first"));
  await until("the spool has it", () => headers().length === 1, { withinMs: 10_000, everyMs: 20 });
  // As the pusher does where the session was deleted.
  rmSync(`${root}/${readdirSync(root)[0]}`, { recursive: true });
  for (const title of ["second", "third"]) {
    reporter.report(finding(title));
    await delay(50);
  }
  await until("another spool has them", () => headers().length > 0, { withinMs: 10_000, everyMs: 20 });
  reporter.report(finding("fourth"));
  await until("the spool has it", () => headers().length > 1, { withinMs: 10_000, everyMs: 20 });
  expect(headers().map(({ seq, recordCount }) => [seq, recordCount])).toEqual([
    [0n, 2],
    [1n, 1],
  ]);
});

test("findings wait while the disk refuses them, and leave no hole", async () => {
  await using folder = await tempFolder("reporter");
  const root = `${folder.path}/spools`;
  const reporter = new FindingReporter({ root, address: () => "", service: "test", log: createLog("error") });
  const spool = () => `${root}/${readdirSync(root)[0]}`;
  const blocks = () =>
    readdirSync(spool())
      .filter((name) => name.endsWith(".block"))
      .sort();
  reporter.report(finding("first"));
  await until("the spool has it", () => blocks().length === 1, { withinMs: 10_000, everyMs: 20 });
  // The folder is gone for a while, as a volume that is not there.
  const away = `${folder.path}/away`;
  const place = spool();
  renameSync(place, away);
  writeFileSync(place, "");
  reporter.report(finding("second"));
  await delay(100);
  rmSync(place);
  renameSync(away, place);
  reporter.report(finding("third"));
  await until("the spool has it", () => blocks().length === 3, { withinMs: 10_000, everyMs: 20 });
  const headers = blocks().map((name) => unwrap(parseEnvelope(readFileSync(`${place}/${name}`))).header);
  expect(headers.map(({ seq, recordCount }) => [seq, recordCount])).toEqual([
    [0n, 1],
    [1n, 1],
    [2n, 1],
  ]);
  await reporter.close(0);
});
