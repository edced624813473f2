import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readControl, writeControl } from "./control.ts";

test("a value that would make the control file too large is refused, and those before stay", () => {
  const root = mkdtempSync(join(tmpdir(), "control-"));
  writeControl(root, "control/levels", 1n, Buffer.from("small"));
  expect(() => writeControl(root, "control/locks", 2n, Buffer.alloc(1024 * 1024, "x"))).toThrow(
    expect.objectContaining({ code: "RESOURCE_EXHAUSTED", reason: "CONTROL_FULL" }),
  );
  expect(readControl(root)).toEqual(new Map([["control/levels", { revision: 1n, value: "small" }]]));
  rmSync(root, { recursive: true });
});
