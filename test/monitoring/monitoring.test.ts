import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { askReal, needBinary, runCommand } from "@wayward/testing";
import { filled, MONITORING, metricsIn, readAlerts, readDashboards, withoutThreshold } from "./files.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const alerts = readAlerts();
const dashboards = readDashboards();
const documented = new Set(
  [...read("docs/operate/metrics.md").matchAll(/^\| (wayward_\w+) /gm)].map(([, name]) => name),
);

describe("the alerts", () => {
  test("are sixteen, each with a name of its own", () => {
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(16);
    expect(alerts).toHaveLength(16);
  });

  test.each(alerts)("$name rests on documented metrics and ends with a threshold", (alert) => {
    expect(metricsIn(alert.expr).filter((name) => !documented.has(name))).toEqual([]);
    expect(withoutThreshold(alert)).not.toBe("");
    expect(["critical", "warning"]).toContain(alert.severity);
  });

  test.each(alerts)("$name has a page that can be followed", ({ name, runbook }) => {
    expect(runbook).toBe(`docs/operate/runbooks/${name}.md`);
    const page = read(runbook);
    const parts = page.split(/^## /m);
    expect(parts[0]).toMatch(/^\*\*What it means\.\*\* /m);
    expect(parts[0]).toMatch(/^\*\*Who notices\.\*\* /m);
    expect(parts.slice(1).map((part) => part.split("\n")[0])).toEqual(["Look", "Do", "Stop"]);
    const commands = /```sh\n([\s\S]*?)```/.exec(parts[1]!)?.[1]?.trim().split("\n");
    expect(commands).toHaveLength(3);
    expect(page).toMatch(/^1\. /m);
    expect(metricsIn(page).filter((metric) => !documented.has(metric))).toEqual([]);
    expect(read("docs/operate/runbooks/README.md")).toContain(`(${name}.md)`);
  });

  test("have every page there is", () => {
    const pages = readdirSync(join(root, "docs/operate/runbooks")).filter((file) => file !== "README.md");
    expect(pages.sort()).toEqual(alerts.map(({ name }) => `${name}.md`).sort());
  });

  test("have a unit test in which they fire", () => {
    const cases = readFileSync(join(MONITORING, "tests/wayward.yaml"), "utf8");
    const firing = [...cases.matchAll(/alertname: (\w+)\n +exp_alerts:\n/g)].map(([, name]) => name);
    expect([...new Set(firing)].sort()).toEqual(alerts.map(({ name }) => name).sort());
  });
});

describe("the dashboards", () => {
  test("are five, of which each can be kept beside the others", () => {
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual(
      ["archive", "bus", "ingest", "query", "stream"].map((name) => `wayward-${name}`),
    );
    expect(new Set(dashboards.map(({ title }) => title)).size).toBe(5);
  });

  test.each(dashboards.flatMap(({ panels }) => panels))(
    "$dashboard: $title says what it shows, of documented metrics",
    (panel) => {
      expect(panel.description).not.toBe("");
      expect(panel.unit).not.toBe("");
      expect(panel.queries).not.toEqual([]);
      for (const query of panel.queries) {
        expect(metricsIn(query).filter((name) => !documented.has(name))).toEqual([]);
        expect(filled(query, "1m")).not.toContain("$");
      }
    },
  );

  test("and the alerts show every metric of the services that is documented", () => {
    const queries = [
      ...dashboards.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries)),
      ...alerts.map(({ expr }) => expr),
    ];
    const shown = new Set(queries.flatMap(metricsIn));
    const ours = [...documented].filter((name) => !/^wayward_(process|nodejs)_/.test(name!));
    expect(ours.filter((name) => !shown.has(name!))).toEqual([]);
  });
});

if (await askReal("promtool")) {
  describe("promtool", () => {
    const promtool = async (...args: string[]) => {
      const { ok, output } = await runCommand(await needBinary("promtool"), args, { timeoutMs: 30_000 });
      return ok ? "ok" : output;
    };

    test("finds nothing wrong with the rules", async () => {
      const folder = join(MONITORING, "rules");
      expect(await promtool("check", "rules", ...readdirSync(folder).map((file) => join(folder, file)))).toBe("ok");
    });

    test.each(["prometheus.yml", "prometheus-closed.yml"])("finds nothing wrong with Compose's %s", async (name) => {
      expect(await promtool("check", "config", "--syntax-only", join(MONITORING, "../compose", name))).toBe("ok");
    });

    test("sees each alert fire when it must, and not else", async () => {
      expect(await promtool("test", "rules", join(MONITORING, "tests/wayward.yaml"))).toBe("ok");
    });
  });
} else describe.skip("promtool", () => test("needs promtool", () => {}));
