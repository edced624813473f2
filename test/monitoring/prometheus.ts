import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, needBinary, startServer, tempFolder } from "@wayward/testing";
import { MONITORING } from "./files.ts";

/** One series of an answer: its values without those that are no number. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** Asks a running Prometheus. */
export interface Prometheus {
  /** The expression from then until now, in seconds since 1970. Throws what the server says is wrong with it. */
  range(expr: string, from: number): Promise<Series[]>;
  /** Scraped addresses by their health, such as `up`. */
  targets(): Promise<Map<string, string>>;
  /** Names of alerts by the health of their rule, such as `ok`. */
  rules(): Promise<Map<string, string>>;
}

/** One that was started here, with the rules of deploy/monitoring. */
export interface StartedPrometheus extends Prometheus {
  stop(): Promise<void>;
}

/** Between two samples; rates are taken over four. */
const SCRAPE_SECONDS = 2;
export const RATE = `${4 * SCRAPE_SECONDS}s`;

/** Starts one that scrapes these addresses, each as the job of its name. */
export async function startPrometheus(jobs: Readonly<Record<string, string>>): Promise<StartedPrometheus> {
  const program = await needBinary("prometheus");
  const folder = await tempFolder("prometheus");
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(folder.path, "prometheus.json");
  // A file in JSON is one in YAML.
  const scrapes = Object.entries(jobs).map(([name, address]) => ({
    job_name: name,
    static_configs: [{ targets: [address] }],
  }));
  const interval = `${SCRAPE_SECONDS}s`;
  const settings = {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: [join(MONITORING, "rules/*.yaml")],
    scrape_configs: scrapes,
  };
  await writeFile(config, JSON.stringify(settings));
  const server = await startServer({
    name: "prometheus",
    program,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder.path, "data")}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    logFile: join(folder.path, "prometheus.log"),
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  return {
    ...prometheusAt(url, SCRAPE_SECONDS),
    async stop() {
      await server.end("SIGTERM");
      await folder.remove();
    },
  };
}

/** The one that answers at this address, such as `http://127.0.0.1:9090`; `stepSeconds` lie between two values of a range. */
export function prometheusAt(url: string, stepSeconds: number): Prometheus {
  const ask = (path: string) => answer(`${url}/api/v1/${path}`);
  return {
    async range(expr, from) {
      const until = { start: `${from}`, end: `${Date.now() / 1000}`, step: `${stepSeconds}s` };
      const { result } = (await ask(`query_range?${new URLSearchParams({ query: expr, ...until })}`)) as {
        readonly result: readonly { readonly metric: Record<string, string>; readonly values: [number, string][] }[];
      };
      return result.map(({ metric, values }) => ({ labels: metric, values: numbers(values) }));
    },
    async targets() {
      const { activeTargets } = (await ask("targets")) as {
        readonly activeTargets: readonly { readonly labels: { readonly job: string }; readonly health: string }[];
      };
      return new Map(activeTargets.map(({ labels, health }) => [labels.job, health]));
    },
    async rules() {
      const { groups } = (await ask("rules")) as {
        readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly health: string }[] }[];
      };
      return new Map(groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health] as const)));
    },
  };
}

/** What an empty division gives is no value to look at. */
function numbers(values: readonly (readonly [number, string])[]): number[] {
  return values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value));
}

async function answer(url: string): Promise<unknown> {
  const response = await fetch(url);
  const { status, data, error } = (await response.json()) as {
    readonly status: string;
    readonly data: unknown;
    readonly error?: string;
  };
  if (status !== "success") throw new Error(error ?? status);
  return data;
}
