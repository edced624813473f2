import { userInfo } from "node:os";
import { expect, test } from "@jest/globals";
import { analysisSpool } from "./settings.ts";

test("findings wait in a folder for each user and ingest, the same after a restart", () => {
  const [one, other] = [analysisSpool("127.0.0.1:7070"), analysisSpool("127.0.0.1:7071")];
  expect(one).not.toBe(other);
  expect(analysisSpool("127.0.0.1:7070")).toBe(one);
  expect(one).toContain(`-${userInfo().uid}-`);
});
