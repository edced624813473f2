import { setTimeout as delay } from "node:timers/promises";
import { filled, readAlerts, readDashboards } from "../monitoring/files.ts";
import { type Prometheus, prometheusAt } from "../monitoring/prometheus.ts";
import type { Project } from "./compose.ts";
import { recordHello, recordsOf } from "./record.ts";
import { row } from "./rows.ts";

/** As deploy/compose/prometheus.yml has it. */
const SCRAPE_SECONDS = 5;
/** What Grafana's rate interval comes to. */
const RATE = `${4 * SCRAPE_SECONDS}s`;
/** All that Compose's Prometheus asks. */
const JOBS = ["all-in-one", "ingest", "archive", "query", "stream"].map((name) => `wayward-${name}`);
/** A container's start and a scrape. */
const TARGETS_MS = 60_000;
/** What a rate is taken over, three times. */
const VALUES_MS = 60_000;

/** The project's Prometheus, started here, reaches all that it is told to, has our alerts, and answers each dashboard about what `env` is asked. */
export async function monitored(what: string, project: Project, env: NodeJS.ProcessEnv): Promise<void> {
  await project.up("wayward", "prometheus");
  const from = Date.now() / 1000;
  const prometheus = await watched(what, project);
  for (const until = performance.now() + VALUES_MS; ; ) {
    await recordHello(`${what}-watched`, env);
    await recordsOf(`${what}-watched`, env, TARGETS_MS);
    const shown = await dashboards(prometheus, from);
    if (shown.some(({ valued, queries }) => valued < queries) && performance.now() < until) continue;
    for (const { uid, valued, moving, queries } of shown) {
      row(`${what}: ${uid}`, `${valued} of ${queries} queries have values, ${moving} above 0`, [
        valued < queries && "some are empty",
        moving === 0 && "nothing is seen at work",
      ]);
    }
    break;
  }
  await alerts(what, prometheus);
}

/** By now each has been evaluated once. */
async function alerts(what: string, prometheus: Prometheus): Promise<void> {
  const rules = await prometheus.rules();
  const unsound = readAlerts().flatMap(({ name }) => (rules.get(name) === "ok" ? [] : [`${name} ${rules.get(name)}`]));
  row(`${what}: alerts`, `${readAlerts().length - unsound.length} are evaluated`, unsound);
}

/** The project's running Prometheus, which reaches all that it is told to. */
export async function watched(what: string, project: Project): Promise<Prometheus> {
  const prometheus = prometheusAt(`http://${project.address("PROMETHEUS_PORT")}`, SCRAPE_SECONDS);
  const up = await scraped(prometheus);
  row(`${what}: prometheus`, `scrapes ${up.join(", ")}`, [up.length !== JOBS.length && `not all of ${JOBS}`]);
  return prometheus;
}

/** Jobs that are up, once all are, or after a while those that are. */
async function scraped(prometheus: Prometheus): Promise<string[]> {
  for (const until = performance.now() + TARGETS_MS; ; await delay(500)) {
    const health = await prometheus.targets().catch(() => new Map<string, string>());
    const up = JOBS.filter((job) => health.get(job) === "up");
    if (up.length === JOBS.length || performance.now() > until) return up;
  }
}

/** How many queries of each dashboard have values, and values other than 0. */
async function dashboards(prometheus: Prometheus, from: number) {
  const seen = readDashboards().map(async ({ uid, panels }) => {
    const queries = panels.flatMap((panel) => panel.queries);
    const series = await Promise.all(queries.map((query) => prometheus.range(filled(query, RATE), from)));
    const values = series.map((all) => all.flatMap((one) => one.values));
    const moving = values.filter((some) => some.some((value) => value > 0)).length;
    return { uid, queries: queries.length, valued: values.filter((some) => some.length > 0).length, moving };
  });
  return Promise.all(seen);
}
