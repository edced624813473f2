import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, parseEnvelope, Stage } from "@wayward/block";
import { newSessionId, sessionText } from "@wayward/record";
import { endSession } from "./last-block.ts";
import { blockFile, DESCRIPTION } from "./spool/layout.ts";

test("the end follows a block that its writer placed while the end was made", async () => {
  const folder = mkdtempSync(join(tmpdir(), "last-block-"));
  const session = newSessionId(Date.now());
  const description = api.SessionDescription.fromPartial({ name: "wakes" });
  const [first] = [...new BlockWriter({ session, description }).write(new Stage(64))];
  writeFileSync(blockFile(folder, 0n), first!.bytes);
  writeFileSync(join(folder, "late"), "the writer's");
  writeFileSync(join(folder, "said"), api.SessionDescription.encode(description).finish());
  // The description is read after the last block: a pipe in its place holds the adopter there until the writer was at it.
  spawnSync("sh", ["-c", `mkfifo ${DESCRIPTION}`], { cwd: folder });
  const writer = spawn(
    "sh",
    ["-c", `exec 3>${DESCRIPTION}; cp said d; mv d ${DESCRIPTION}; ln late "$0"; cat said >&3`, blockFile(folder, 1n)],
    { cwd: folder },
  );
  const ended = once(writer, "close");
  endSession(folder, sessionText(session));
  await ended;
  expect(readFileSync(blockFile(folder, 1n), "utf8")).toBe("the writer's");
  const { header } = unwrap(parseEnvelope(readFileSync(blockFile(folder, 2n))));
  expect(header.end).toMatchObject({ lastSeq: 2n, cause: api.EndCause.END_CAUSE_UNCLEAN });
  rmSync(folder, { recursive: true });
});
