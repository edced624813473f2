import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const MONITORING = join(import.meta.dirname, "../../deploy/monitoring");

/** An alert as its rule file has it. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** Path of its page in this repository. */
  readonly runbook: string;
  readonly severity: string;
}

/** A panel of a dashboard with what it asks. */
export interface Panel {
  /** The dashboard's file, without its ending. */
  readonly dashboard: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly string[];
}

/** The alerts of all rule files. They are one line a field, which promtool's own reading of the files does not need. */
export function readAlerts(): Alert[] {
  const folder = join(MONITORING, "rules");
  const text = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  return text
    .join("\n")
    .split(/^ +- (?=alert:)/m)
    .slice(1)
    .map((part) => {
      const field = (name: string) => new RegExp(`^ *${name}: (.+)$`, "m").exec(part)?.[1] ?? "";
      return { name: field("alert"), expr: field("expr"), runbook: field("runbook"), severity: field("severity") };
    });
}

/** The expression without its comparison at the end, which has a value whether or not the alert fires. */
export function withoutThreshold({ name, expr }: Alert): string {
  const match = /^(.+) (?:<|>|<=|>=|==) [\d.]+$/.exec(expr);
  if (match === null) throw new Error(`${name} does not end with a comparison to a number: ${expr}`);
  return match[1]!;
}

/** What the pages of the alerts tell people to ask Prometheus. */
export function readRunbookQueries(): { readonly alert: string; readonly query: string }[] {
  return readAlerts().flatMap(({ name, runbook }) => {
    const page = readFileSync(join(MONITORING, "../..", runbook), "utf8");
    const commands = page.matchAll(/promtool query instant \$PROMETHEUS '([^']+)'/g);
    return [...commands].map(([, query = ""]) => ({ alert: name, query }));
  });
}

interface GrafanaPanel {
  readonly title: string;
  readonly description: string;
  readonly fieldConfig: { readonly defaults: { readonly unit: string } };
  readonly targets: readonly { readonly expr: string }[];
}

/** A dashboard's identity and title, and its panels. */
export function readDashboards(): { readonly uid: string; readonly title: string; readonly panels: Panel[] }[] {
  const folder = join(MONITORING, "dashboards");
  return readdirSync(folder).map((file) => {
    const { uid, title, panels }: { uid: string; title: string; panels: GrafanaPanel[] } = JSON.parse(
      readFileSync(join(folder, file), "utf8"),
    );
    const dashboard = file.replace(/\.json$/, "");
    const read = panels.map(({ title, description, fieldConfig, targets }) => ({
      dashboard,
      title,
      description,
      unit: fieldConfig.defaults.unit,
      queries: targets.map(({ expr }) => expr),
    }));
    return { uid, title, panels: read };
  });
}

/** A panel's query as Grafana asks it where all namespaces are chosen. `rate` is what its rate interval comes to. */
export function filled(query: string, rate: string): string {
  return query.replaceAll("$namespace", ".*").replaceAll("$__rate_interval", rate);
}

/** Names of our metrics in an expression, without what a histogram puts behind them. */
export function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\bwayward_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ""));
}
