import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { afterAll, describe, expect, test } from "@jest/globals";
import { BIN, CommandLine, ended, said } from "../testing/command-line.ts";

/** Runs a command on a pseudo terminal, in whose foreground it is: what comes on stdin is typed there. */
const ON_TERMINAL = ["-c", "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"];

/** Becomes a command in a process group of its own, which no key of the terminal reaches. */
const APART = ["-c", "import os, sys; os.setpgid(0, 0); os.execv(sys.argv[1], sys.argv[1:])"];

const hasTerminal = spawnSync("python3", ["-c", "import os, pty; os.waitstatus_to_exitcode"]).status === 0;
if (!hasTerminal) process.stderr.write("SKIPPED: no python3 with a pty, so Ctrl-C on a terminal is not tested\n");
const onTerminal = hasTerminal ? test : test.skip;

describe("a program that `wayward run` starts", () => {
  const line = new CommandLine("run-signals");
  afterAll(() => line.remove());

  // Ends with 40 and how many SIGINT came: a second after the first, or where none comes.
  const path = line.file(
    "counts.mjs",
    `let times = 0;
     const end = () => process.exit(40 + times);
     process.on("SIGINT", () => { if (++times === 1) setTimeout(end, 1_000); });
     setTimeout(end, 4_000);
     console.log("ready");`,
  );
  const program = [process.execPath, path];
  const run = ["run", "--server", "127.0.0.1:9", "--"];

  /** Its exit code, after `interrupt` at the time when it is ready. */
  async function countedBy(child: ChildProcess, interrupt: () => void): Promise<number | null> {
    const end = ended(child);
    await said(child, /ready/);
    interrupt();
    return (await end).code;
  }

  function typeCtrlC(program: readonly string[]): Promise<number | null> {
    const args = [...ON_TERMINAL, process.execPath, BIN, ...run, ...program];
    const child = spawn("python3", args, { env: line.env, cwd: line.folder });
    return countedBy(child, () => child.stdin.write("\x03"));
  }

  onTerminal(
    "gets Ctrl-C from its terminal",
    async () => {
      expect(await typeCtrlC(program)).toBe(41);
    },
    30_000,
  );

  // Two that come at once may count as one: only a program that the terminal leaves alone tells whether a second came.
  onTerminal(
    "does not get Ctrl-C a second time from us",
    async () => {
      expect(await typeCtrlC(["python3", ...APART, ...program])).toBe(40);
    },
    30_000,
  );

  test("gets from us a SIGINT that came without a terminal", async () => {
    const child = line.start([...run, ...program]);
    expect(await countedBy(child, () => child.kill("SIGINT"))).toBe(41);
  }, 30_000);
});
