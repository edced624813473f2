import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Authority, tempFolder } from "@wayward/testing";
import { getContainerRuntimeClient, ImageName } from "testcontainers";
import { tellStory } from "../../../samples/cluster/story.ts";
import { imageOf, NATS_IMAGE, S3_IMAGE } from "./images.ts";
import { type StartedWaywardContainer, type TlsFiles, WaywardCluster, WaywardContainer } from "./index.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../../..");

/** As docker-compose.yml: where no registry can be reached, other images may stand in. */
const { WAYWARD_NATS_IMAGE: natsImage = NATS_IMAGE, WAYWARD_S3_IMAGE: s3Image = S3_IMAGE } = process.env;

/** Why these images cannot be started here, or undefined. */
async function whyNot(images: readonly string[]): Promise<string | undefined> {
  const client = await getContainerRuntimeClient().catch(() => undefined);
  if (client === undefined) return "no container engine answers";
  for (const image of images) {
    if (!(await client.image.exists(ImageName.fromString(image)))) return `the engine has no image ${image}`;
  }
  return undefined;
}

async function where(images: readonly string[]) {
  const why = await whyNot(images);
  if (why === undefined) return describe;
  process.stderr.write(`\n!!! NO CONTAINERS HERE: tests of @wayward/testcontainers do not run (${why})\n`);
  return describe.skip;
}

/** For this machine, and for the name by which the stream service reaches ingest. */
function certificate(folder: string): TlsFiles {
  const authority = new Authority(folder);
  const { certFile, keyFile } = authority.issue("server", { names: "DNS:localhost,IP:127.0.0.1,DNS:ingest" });
  return { cert: certFile, key: keyFile, ca: authority.caFile };
}

const services = ["ingest", "archive", "query", "stream"].map((name) => imageOf(name));

(await where([imageOf("all-in-one")]))("WaywardContainer", () => {
  let wayward: StartedWaywardContainer;
  beforeAll(async () => {
    wayward = await new WaywardContainer().start();
  }, 60_000);
  afterAll(async () => {
    await wayward.stop();
  });

  test("records a program and answers, and both again after a restart", async () => {
    await using spool = await tempFolder("testcontainers");
    const cli = async (...args: string[]) => {
      const env = { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: spool.path, ...wayward.env };
      return (await run(process.execPath, ["clients/cli/bin/wayward.mjs", ...args], { cwd: root, env })).stdout;
    };
    const hello = ["--", process.execPath, "samples/hello/hello.mjs"];
    await cli("run", "--name", "before", ...hello);
    const records = await cli("read", "--json", "--name", "before");
    expect(records.split("\n").length).toBeGreaterThan(10);
    await wayward.restart();
    expect(await cli("read", "--json", "--name", "before")).toBe(records);
    await cli("run", "--name", "after", ...hello);
    expect(await cli("read", "--name", "after")).toContain("GET /hello/ann");
  }, 60_000);

  test("has its metrics where it says", async () => {
    const metrics = await (await fetch(wayward.metricsUrl)).text();
    expect(metrics).toMatch(/^wayward_ingest_blocks_total\{/m);
  });

  test("lets in who has its key, over TLS where it has a certificate, and goes on so after a restart", async () => {
    await using folder = await tempFolder("testcontainers");
    await using closed = await new WaywardContainer().withKeys().withTls(certificate(folder.path)).start();
    const cli = async (more: NodeJS.ProcessEnv, ...args: string[]) => {
      const env = {
        ...process.env,
        NODE_OPTIONS: "",
        WAYWARD_SPOOL: join(folder.path, "spool"),
        ...closed.env,
        ...more,
      };
      return (await run(process.execPath, ["clients/cli/bin/wayward.mjs", ...args], { cwd: root, env })).stdout;
    };
    await cli({}, "run", "--name", "keyed", "--", process.execPath, "samples/hello/hello.mjs");
    const records = await cli({}, "read", "--json", "--name", "keyed");
    expect(records.split("\n").length).toBeGreaterThan(10);
    await expect(cli({ WAYWARD_KEY: "" }, "sessions")).rejects.toThrow("no key was given");
    await expect(cli({ WAYWARD_CA: "" }, "sessions")).rejects.toThrow("has signed");
    await closed.restart();
    expect(await cli({}, "read", "--json", "--name", "keyed")).toBe(records);
    expect(closed.metricsUrl).toMatch(/^https:/);
  }, 60_000);

  test("as the README shows it", async () => {
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(
      readFileSync(join(import.meta.dirname, "../README.md"), "utf8"),
    )!;
    const code = example.replace('"hello.mjs"', JSON.stringify(join(root, "samples/hello/hello.mjs")));
    await using spool = await tempFolder("testcontainers");
    const env = {
      ...process.env,
      NODE_OPTIONS: "",
      WAYWARD_SPOOL: spool.path,
      PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    };
    const args = ["--input-type=module-typescript", "--eval", code];
    const { stdout } = await run(process.execPath, args, { cwd: join(root, "packages/testcontainers"), env });
    expect(stdout).toMatch(/^hello \d+n?$/m);
  }, 60_000);
});

(await where([...services, natsImage, s3Image]))("WaywardCluster", () => {
  test.each([
    ["", () => ({})],
    [", all of it with keys and TLS", (folder: string) => ({ keys: true, tls: certificate(folder) })],
  ])(
    "plays the sample of three programs, with its planted fault found live and in the archive%s",
    async (_, doors) => {
      await using folder = await tempFolder("testcontainers");
      await using cluster = await WaywardCluster.start({ natsImage, s3Image, ...doors(folder.path) });
      const env = { ...cluster.env, NODE_OPTIONS: "" };
      await tellStory({ env, spool: join(folder.path, "spool"), seconds: 3, fault: true, before: undefined });
    },
    180_000,
  );

  test("that cannot start says so and leaves nothing running", async () => {
    const client = await getContainerRuntimeClient();
    const before = await client.container.list();
    const starting = WaywardCluster.start({ natsImage: s3Image, s3Image });
    await expect(starting).rejects.toThrow();
    expect((await client.container.list()).length).toBe(before.length);
  }, 180_000);
});
