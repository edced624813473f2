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

  /** Every command of the page, one that goes over several lines as one. */
  const commands = () => blocks("README.md", "sh").flatMap((block) => block.replaceAll("\\\n", "").split("\n"));

  /** Runs a command of the page against this test's server; tells what it wrote. */
  const said = async (command: string) => {
    const here = command.replace("127.0.0.1:4610", env.WAYWARD_SERVER!);
    const options = { cwd: root, env: { ...env, PATH: `${root}/node_modules/.bin:${env.PATH}` } };
    return (await run("sh", ["-c", here], options)).stdout;
  };

  /** Commands that other steps run: setting up, the whole story, clusters, containers. */
  const elsewhere = /^npm |^\.ci\/run|^(?:docker|helm|kubectl) /;

  test("has commands that work", async () => {
    const all = commands();
    expect(all.length).toBeGreaterThan(5);
    for (const command of all.filter((line) => !elsewhere.test(line))) {
      expect({ command, said: (await said(command)).length > 0 }).toEqual({ command, said: true });
    }
  }, 60_000);

  test("reads two processes as one answer in order, by a script and by reflection", async () => {
    const [script = "", byHand = ""] = commands().filter((line) => /two-sessions|buf curl/.test(line));
    const turns = [1, 2, 3, 4, 5].flatMap((turn) => [`ping ${turn}`, `pong ${turn}`]);
    const lines = await said(script);
    expect(new Set([...lines.matchAll(/^p[io]ng: process (\d+)/gm)].map(([, pid]) => pid)).size).toBe(2);
    expect([...lines.matchAll(/ms {2}p[io]ng {2}(.*)/g)].map(([, text]) => text)).toEqual(turns);
    expect(lines).toContain("10 records of 2 sessions, complete");
    const messages = await said(byHand);
    expect([...messages.matchAll(/"text": "(p[io]ng \d)"/g)].map(([, text]) => text)).toEqual(turns);
    expect(messages.replaceAll(/\s/g, "")).toMatch(
      /"end":{"coverage":{.*"records":"10","sessions":"2",.*"complete":true/,
    );
  });

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
