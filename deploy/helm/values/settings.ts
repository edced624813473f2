import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Shape } from "@wayward/service-kit";

const root = join(import.meta.dirname, "..", "..", "..");

/** The services of mode distributed, in the order of the chart. */
export const SERVICES = ["ingest", "archive", "query", "stream"] as const;

/** A setting that a service can be told by the chart. */
export interface ServiceSetting {
  /** `logLevel` for WAYWARD_LOG_LEVEL. */
  readonly name: string;
  readonly meaning: string;
  readonly shape: Shape;
}

/** What the chart knows better than its user: ports, addresses, how the bus and the store are reached, and who is let in. */
const DECIDED_BY_CHART =
  /^WAYWARD_(?:PORT|HTTP_PORT|NATS.*|BUS_REPLICAS|STORE|INGEST|ANALYSIS_SPOOL|KEYS|KEY|KEY_FILE|CA|CERT|CERT_KEY|TLS_.*)$/;

/** The settings of a service, as it tells them itself. */
export function settingsOf(service: string): readonly ServiceSetting[] {
  const help = execFileSync(process.execPath, [`services/${service}/src/main.ts`, "--help", "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  const lines = help.trim().split("\n");
  return lines
    .map((line): { env: string; meaning: string; shape: Shape } => JSON.parse(line))
    .filter(({ env }) => !DECIDED_BY_CHART.test(env))
    .map(({ env, meaning, shape }) => ({ name: nameOf(env), meaning, shape }));
}

function nameOf(env: string): string {
  const words = env
    .replace(/^WAYWARD_/, "")
    .toLowerCase()
    .split("_");
  return words.map((word, index) => (index === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join("");
}
