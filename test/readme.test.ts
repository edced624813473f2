import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);

/** Lines of the fenced blocks of a language. */
function blocks(path: string, language: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(([, block = ""]) =>
    block.trim(),
  );
}

describe("the README", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-readme-"));
  let env: NodeJS.ProcessEnv;
  let up: ReturnType<typeof spawn>;

  beforeAll(async () => {
    const args = [
      "clients/cli/bin/wayward.mjs",
      "up",
      "--data",
      join(folder, "data"),
      "--port",
      "0",
      "--http-port",
      "0",
    ];
    up = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
    const address = await new Promise<string>((resolve, reject) => {
      let said = "";
      up.stderr?.on("data", (chunk) => {
        said += chunk;
        const match = /gRPC at (\S+?),/.exec(said);
        if (match?.[1] !== undefined) resolve(match[1]);
      });
      up.once("close", () => reject(new Error(said)));
    });
    env = { ...process.env, NODE_OPTIONS: "", WAYWARD_SERVER: address, WAYWARD_SPOOL: join(folder, "spool") };
  }, 30_000);

  afterAll(async () => {
    up.kill("SIGTERM");
    await new Promise((resolve) => up.once("close", resolve));
    rmSync(folder, { recursive: true });
  });

  /** Commands that other steps run: setting up, the whole story, the cluster. */
  const elsewhere = /^npm |^\.ci\/run/;

  test("has commands that work", async () => {
    const commands = blocks("README.md", "sh").flatMap((block) => block.split("\n"));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands.filter((line) => !elsewhere.test(line))) {
      const { stdout } = await run("sh", ["-c", command], {
        cwd: root,
        env: { ...env, PATH: `${root}/node_modules/.bin:${env.PATH}` },
      });
      expect({ command, said: stdout.length > 0 }).toEqual({ command, said: true });
    }
  }, 60_000);

  test("and packages/client's have examples that work", async () => {
    const [example = ""] = blocks("packages/client/README.md", "ts");
    const { stdout } = await run(process.execPath, ["--input-type=module-typescript", "--eval", example], {
      cwd: join(root, "packages/client"),
      env,
    });
    expect(stdout).toMatch(/hello 1\d+n/);
    expect(stdout).toMatch(/asked for \/hello\/ann/);
    expect(stdout).toMatch(/^GET \S*\/hello\/\w+ \d+n /m);
  });
});
