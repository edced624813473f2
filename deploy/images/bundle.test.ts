import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { Started } from "../../samples/cluster/process.ts";
import { tellStory } from "../../samples/cluster/story.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** Made in a process of its own: esbuild refuses the arrays of Jest's realm. */
function bundles(...names: readonly string[]): { readonly bundle: string; readonly file: string }[] {
  const args = ["deploy/images/build.ts", "--bundles", ...names];
  const said = execFileSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return said
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("a bundle", () => {
  let app: string;
  let bundle: string;
  beforeAll(() => {
    const [made] = bundles("all-in-one");
    app = join(made!.file, "app");
    bundle = made!.bundle;
  }, 60_000);

  const code = () => readdirSync(join(app, "lib")).map((name) => readFileSync(join(app, "lib", name), "utf8"));

  test("has equal bytes when made again", () => {
    expect(bundles("all-in-one")[0]?.bundle).toBe(bundle);
  }, 60_000);

  test("tells nothing of where it was made", () => {
    expect(code().filter((text) => text.includes(root))).toEqual([]);
  });

  test("tells its hash and version", async () => {
    const { stdout } = await run(process.execPath, [join(app, "lib/main.js"), "version", "--json"]);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(JSON.parse(stdout)).toEqual({ wayward: version, node: process.version, bundle });
  });

  test("lists the packages that it has bytes of, and no tool", () => {
    const { components, serialNumber } = JSON.parse(readFileSync(join(app, "sbom.cdx.json"), "utf8"));
    const names: string[] = components.map((component: Record<string, string>) => component["bom-ref"]);
    expect(names).toEqual(expect.arrayContaining([expect.stringMatching(/^@grpc\/grpc-js@/), "@wayward/cli@0.1.0"]));
    expect(names.filter((name) => /^(esbuild|typescript|jest|@types\/|@wayward\/testing)/.test(name))).toEqual([]);
    expect(serialNumber).toBeUndefined();
  });

  test("serves, records, reads and analyses without the sources", async () => {
    await using temp = await tempFolder("bundle");
    const main = join(app, "lib/main.js");
    mkdirSync(join(temp.path, "spool"));
    const up = new Started(process.execPath, [main, "up", "--data", join(temp.path, "data")], {
      NODE_OPTIONS: "",
      WAYWARD_PORT: "0",
      WAYWARD_HTTP_PORT: "0",
    });
    try {
      const server = await up.says(/gRPC at (\S+?),/, 20_000);
      const [, httpPort] = /metrics at http:\/\/127\.0\.0\.1:(\d+)/.exec(up.output) ?? [];
      const env = { ...process.env, NODE_OPTIONS: "", WAYWARD_SERVER: server, WAYWARD_SPOOL: join(temp.path, "spool") };
      const cli = async (...args: string[]) => (await run(process.execPath, [main, ...args], { env })).stdout;
      await cli("run", "--name", "hello", "--", process.execPath, join(root, "samples/hello/hello.mjs"));
      expect(await cli("read", "--name", "hello")).toContain("GET /hello/ann");
      // The planted fault is told by the threads of both analyses, of the archive and of what runs.
      const spool = join(temp.path, "spool");
      await tellStory({
        env: { WAYWARD_SERVER: server, NODE_OPTIONS: "" },
        spool,
        seconds: 2,
        fault: true,
        before: undefined,
      });
      const health = (port: string) =>
        run(process.execPath, [join(app, "health.js")], { env: { WAYWARD_HTTP_PORT: port } });
      await health(httpPort ?? "");
      await expect(health("1")).rejects.toMatchObject({ code: 1 });
    } finally {
      await up.stop();
    }
  }, 60_000);
});
