/**
 * `npm run e2e:dashboards`: starts the four services with NATS and S3, puts
 * them to work, takes the store away for a while, and lets a real Prometheus
 * scrape them. Then it asks every query of every dashboard, and every alert
 * without its threshold, and what runbooks tell people to ask: none may fail,
 * no panel may be empty. What is asked of disks another Prometheus answers,
 * which knows only an all-in-one: an archive on S3 has none. A row each; exit
 * code 1 where one is. Where no Prometheus can be had it says so and ends
 * with 77. The Prometheus of the package registries has no Grafana beside it:
 * that panels are drawn as meant is to be looked at by a person.
 */
import { askReal, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES } from "../samples/cluster/services.ts";
import { filled, readAlerts, readDashboards, readRunbookQueries, withoutThreshold } from "./monitoring/files.ts";
import { putToWork } from "./monitoring/load.ts";
import { type Prometheus, RATE, startPrometheus } from "./monitoring/prometheus.ts";

/** Long enough for the store's absence, and for rates before and after it. */
const WORK_SECONDS = 60;

const SKIPPED = 77;
let failed = 0;

function row(ok: boolean, group: string, title: string, what: string): void {
  if (!ok) failed++;
  process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${group.padEnd(8)} ${title.padEnd(28)} ${what}\n`);
}

/** Asks one query, and tells of how many series how much was seen. */
async function look(prometheus: Prometheus, query: string, from: number): Promise<{ ok: boolean; what: string }> {
  try {
    const series = (await prometheus.range(query, from)).filter(({ values }) => values.length > 0);
    const values = series.flatMap((one) => one.values);
    const most = values.reduce((found, value) => Math.max(found, value), Number.NEGATIVE_INFINITY);
    if (values.length === 0) return { ok: false, what: `empty: ${query}` };
    return {
      ok: true,
      what: `${series.length} series, ${values.length} values, at most ${Number(most.toPrecision(3))}`,
    };
  } catch (error) {
    return { ok: false, what: `${error instanceof Error ? error.message : error}: ${query}` };
  }
}

if (!(await askReal("prometheus", "nats-server", "versitygw"))) process.exit(SKIPPED);
await using spool = await tempFolder("dashboards");
await using data = await tempFolder("all-in-one");
const up = wayward(["up", "--data", data.path, "--port", "0", "--http-port", "0"], {});
const cluster = await Cluster.start();
try {
  const jobs = Object.fromEntries(SERVICES.map((name) => [`wayward-${name}`, cluster.httpAddress(name)]));
  const prometheus = await startPrometheus(jobs);
  const ofDisks = await startPrometheus({
    "wayward-all-in-one": await up.says(/metrics at http:\/\/(\S+)\/metrics/, 60_000),
  });
  const answering = (query: string) => (query.includes("wayward_disk_") ? ofDisks : prometheus);
  try {
    const from = Date.now() / 1000;
    await putToWork(cluster, spool.path, WORK_SECONDS);
    for (const [job, health] of await prometheus.targets()) row(health === "up", "scraped", job, health);
    for (const { panels } of readDashboards()) {
      for (const { dashboard, title, queries } of panels) {
        for (const query of queries) {
          const { ok, what } = await look(answering(query), filled(query, RATE), from);
          row(ok, dashboard, title, what);
        }
      }
    }
    const rules = await prometheus.rules();
    for (const alert of readAlerts()) {
      const health = rules.get(alert.name) ?? "not loaded";
      const query = withoutThreshold(alert);
      const { ok, what } = await look(answering(query), query, from);
      row(ok && health === "ok", "alerts", alert.name, `rule ${health}; ${what}`);
    }
    for (const { alert, query } of readRunbookQueries()) {
      const { ok, what } = await look(answering(query), query, from);
      row(ok, "runbooks", alert, what);
    }
  } finally {
    await prometheus.stop();
    await ofDisks.stop();
  }
} finally {
  await up.stop();
  await cluster.stop();
}
process.stdout.write(failed === 0 ? "every query has values\n" : `${failed} rows failed\n`);
process.exit(failed === 0 ? 0 : 1);
