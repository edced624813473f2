import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { SYSTEM_NODE } from "./testing/program.ts";
import { readSpool, sessionsIn } from "./testing/spool.ts";

const project = mkdtempSync(join(tmpdir(), "agent-project-"));
afterAll(() => rmSync(project, { recursive: true }));

// The second may be older than what runs TypeScript.
test.each([process.execPath, SYSTEM_NODE])("a project that links the package imports it on %s", (node) => {
  const scope = join(project, "node_modules/@wayward");
  mkdirSync(scope, { recursive: true });
  rmSync(join(scope, "agent"), { force: true });
  symlinkSync(join(import.meta.dirname, ".."), join(scope, "agent"));
  const program = join(project, "shop.mjs");
  writeFileSync(
    program,
    `import { formatTraceparent, start } from "@wayward/agent"; start({ name: "shop" }).note(typeof formatTraceparent);`,
  );
  const spool = mkdtempSync(join(project, "spool-"));
  execFileSync(node, [program], { env: { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: spool } });
  const { rows } = readSpool(spool, sessionsIn(spool)[0]!);
  expect(rows.find(({ kind }) => kind === "note.text")?.values.text).toBe("function");
});
