import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requireReal, type TempFolder, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES, type ServiceName } from "../samples/cluster/services.ts";

const root = join(import.meta.dirname, "..");

/** What only happens now and then: it has a name at once, and a value once it has happened. */
const SELDOM = new Set(["wayward_nodejs_active_requests", "wayward_nodejs_gc_duration_seconds"]);

/** A process whose archive is a folder; the services of these tests have theirs on S3. */
const KNOWN: readonly string[] = [...SERVICES, "all-in-one"];

/** Names of docs/operate/metrics.md with the services that have them. */
function documented(): Map<string, readonly string[]> {
  const page = readFileSync(join(root, "docs/operate/metrics.md"), "utf8");
  const rows = [...page.matchAll(/^\| (wayward_\w+) +\| ([^|]*) \|/gm)].map(([, name = "", services = ""]) => {
    const named = services.trim().split(", ");
    return [name, named.every((service) => KNOWN.includes(service)) ? named : SERVICES] as const;
  });
  return new Map(rows);
}

/** Names that a process tells of, and those that have a value. */
function told(text: string): { readonly names: string[]; readonly valued: Set<string> } {
  const names = [...text.matchAll(/^# TYPE (\w+) \w+$/gm)].map(([, name]) => name!);
  const sampled = new Set([...text.matchAll(/^(\w+)(?:\{.*\})? \S+$/gm)].map(([, name]) => name!));
  return { names, valued: new Set(names.filter((name) => sampled.has(name) || sampled.has(`${name}_count`))) };
}

describe("the metrics of the all-in-one", () => {
  test("are all that docs/operate/metrics.md has", async () => {
    await using data = await tempFolder("all-in-one");
    const up = wayward(["up", "--data", data.path, "--port", "0", "--http-port", "0"], {});
    try {
      const url = await up.says(/metrics at (http:\S+)/, 60_000);
      const { names } = told(await (await fetch(url.replace(/,$/, ""))).text());
      expect(names.sort()).toEqual([...documented().keys()].sort());
    } finally {
      await up.stop();
    }
  }, 90_000);
});

if (await requireReal("nats-server", "versitygw")) {
  describe("the metrics of running services", () => {
    let cluster: Cluster;
    let spool: TempFolder;
    const run = async (...args: string[]) => {
      const env = { ...cluster.clientEnv, WAYWARD_SPOOL: spool.path };
      expect(await wayward(args, env).ended).toBe(0);
    };
    /** The oldest age that a service tells. */
    const lag = async (service: ServiceName) => {
      const ages = (await cluster.metrics(service)).matchAll(/^wayward_archive_lag_seconds\{.*\} (\S+)$/gm);
      return Math.max(...[...ages].map(([, age]) => Number(age)));
    };

    beforeAll(async () => {
      spool = await tempFolder("metrics");
      cluster = await Cluster.start({ syncAlways: false });
      await run("run", "--", "node", "samples/hello/hello.mjs");
      await run("stats");
      await cluster.archived();
    }, 180_000);
    afterAll(async () => {
      await cluster?.stop();
      await spool?.remove();
    });

    test.each(SERVICES)("of %s are those that docs/operate/metrics.md has, and each has a value", async (service) => {
      const { names, valued } = told(await cluster.metrics(service));
      const listed = [...documented()].filter(([, services]) => services.includes(service)).map(([name]) => name);
      expect(names.sort()).toEqual(listed.sort());
      expect(names.filter((name) => !valued.has(name) && !SELDOM.has(name))).toEqual([]);
    });

    test.each(SERVICES)("say of %s that it is that service and no other", async (service) => {
      const text = await cluster.metrics(service);
      const told = [...text.matchAll(/^wayward_serves\{service="(\w+)"\} ([01])$/gm)].map(([, name, is]) => [name, is]);
      expect(told).toEqual(SERVICES.map((name) => [name, name === service ? "1" : "0"]));
    });

    test("have an age of what is not archived: 0 once all is, and the seconds that a block has waited where nobody archives", async () => {
      expect(await lag("ingest")).toBe(0);
      expect(await lag("archive")).toBe(0);
      await cluster.killService("archive");
      await run("run", "--", "node", "samples/hello/hello.mjs");
      const recordedMs = Date.now();
      await waitFor(async () => (await lag("ingest")) > 5);
      // The first block came while the program ran, and what is told was asked some seconds ago.
      expect(await lag("ingest")).toBeLessThan((Date.now() - recordedMs) / 1000 + 15);
      await cluster.startService("archive");
      await waitFor(async () => (await lag("ingest")) === 0);
    }, 120_000);
  });
} else describe.skip("the metrics of running services", () => test("needs nats-server and versitygw", () => {}));

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("what was waited for did not come within 50 s");
}
