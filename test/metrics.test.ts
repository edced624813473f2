import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requireReal, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES } from "../samples/cluster/services.ts";

const root = join(import.meta.dirname, "..");

/** What only happens now and then: it has a name at once, and a value once it has happened. */
const SELDOM = new Set(["wayward_nodejs_active_requests", "wayward_nodejs_gc_duration_seconds"]);

/** Names of docs/operate/metrics.md with the services that have them. */
function documented(): Map<string, readonly string[]> {
  const page = readFileSync(join(root, "docs/operate/metrics.md"), "utf8");
  const rows = [...page.matchAll(/^\| (wayward_\w+) +\| ([^|]*) \|/gm)].map(([, name = "", services = ""]) => {
    const named = services.trim().split(", ");
    return [name, named.every((service) => SERVICES.some((known) => known === service)) ? named : SERVICES] as const;
  });
  return new Map(rows);
}

/** Names that a process tells of, and those that have a value. */
function told(text: string): { readonly names: string[]; readonly valued: Set<string> } {
  const names = [...text.matchAll(/^# TYPE (\w+) \w+$/gm)].map(([, name]) => name!);
  const sampled = new Set([...text.matchAll(/^(\w+)(?:\{.*\})? \S+$/gm)].map(([, name]) => name!));
  return { names, valued: new Set(names.filter((name) => sampled.has(name) || sampled.has(`${name}_count`))) };
}

if (await requireReal("nats-server", "versitygw")) {
  describe("the metrics of running services", () => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await Cluster.start({ syncAlways: false });
      await using spool = await tempFolder("metrics");
      const env = { ...cluster.clientEnv, WAYWARD_SPOOL: spool.path };
      const run = async (...args: string[]) => expect(await wayward(args, env).ended).toBe(0);
      await run("run", "--", "node", "samples/hello/hello.mjs");
      await run("stats");
      await cluster.archived();
    }, 120_000);
    afterAll(() => cluster?.stop());

    test.each(SERVICES)("of %s are those that docs/operate/metrics.md has, and each has a value", async (service) => {
      const { names, valued } = told(await cluster.metrics(service));
      const listed = [...documented()].filter(([, services]) => services.includes(service)).map(([name]) => name);
      expect(names.sort()).toEqual(listed.sort());
      expect(names.filter((name) => !valued.has(name) && !SELDOM.has(name))).toEqual([]);
    });

    test("have an age of what is not archived that is 0 once all is", async () => {
      for (const service of ["ingest", "archive"] as const) {
        const ages = [...(await cluster.metrics(service)).matchAll(/^wayward_archive_lag_seconds\{.*\} (\S+)$/gm)];
        expect(ages.map(([, age]) => Number(age))).toEqual([0, 0, 0, 0]);
      }
    });
  });
} else describe.skip("the metrics of running services", () => test("needs nats-server and versitygw", () => {}));
