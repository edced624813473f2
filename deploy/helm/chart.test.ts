import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { askReal } from "@wayward/testing";
import { helm, type Manifest, manifests, render } from "./testing/helm.ts";
import { KEPT, keptPath } from "./testing/renders.ts";
import { definitionOf, faults, faultsOf, isBrought, KUBERNETES } from "./testing/schemas.ts";
import { generatedFiles } from "./values/files.ts";
import { CHART, flatten, readValues } from "./values/tree.ts";

const read = (path: string) => readFileSync(path, "utf8");
const REMEDY = "run `npm run generate:chart` and read what it changes";

describe("values.yaml", () => {
  test("is short, and says what each value is for", () => {
    expect(read(join(CHART, "values.yaml")).split("\n").length).toBeLessThan(300);
    // A map in one line is told by the comment above it.
    const told = new Set(
      flatten(readValues()).flatMap(({ meaning, path, children }) =>
        meaning === "" ? [] : [path, ...children.map((child) => child.path)],
      ),
    );
    const untold = flatten(readValues()).filter(({ path }) => !told.has(path));
    expect(untold.map(({ path }) => path)).toEqual([]);
  });

  test.each([...generatedFiles()])("has made %s", (path, text) => {
    expect({ [REMEDY]: read(path) === text }).toEqual({ [REMEDY]: true });
  });

  test("belongs to a chart of this release", () => {
    const { version } = JSON.parse(read(join(CHART, "..", "..", "..", "package.json")));
    const chart = read(join(CHART, "Chart.yaml"));
    expect([/^version: (.*)$/m.exec(chart)?.[1], /^appVersion: (.*)$/m.exec(chart)?.[1]]).toEqual([version, version]);
    const images = [...chart.matchAll(/image: (wayward\/\S+)/g)].map(([, image]) => image);
    expect(images).toEqual(
      ["ingest", "archive", "query", "stream", "all-in-one"].map((name) => `wayward/${name}:${version}`),
    );
  });
});

const hasHelm = await askReal("helm");

(hasHelm ? describe : describe.skip)("the chart", () => {
  test.each(KEPT)("passes helm lint with $name", async ({ args }) => {
    const { stdout, stderr, ok } = await helm("lint", "--strict", "--quiet", CHART, ...args);
    expect({ ok, said: `${stdout}${stderr}`.trim() }).toEqual({ ok: true, said: "" });
  });

  test.each(KEPT)("renders $name as it is kept", async ({ name, args }) => {
    expect({ [REMEDY]: await render(...args) }).toEqual({ [REMEDY]: read(keptPath(name)) });
  });

  test("brings each dashboard to Grafana as it is", async () => {
    const objects = manifests(await render("--set", "monitoring.dashboards.enabled=true"));
    const brought = objects.filter(({ metadata }) => metadata.labels?.grafana_dashboard === "1");
    const folder = join(CHART, "..", "..", "monitoring", "dashboards");
    expect(brought.flatMap(({ data = {} }) => Object.keys(data)).sort()).toEqual(
      readdirSync(folder)
        .map((name) => `wayward-${name}`)
        .sort(),
    );
    for (const { data = {} } of brought) {
      for (const [name, text] of Object.entries(data)) {
        expect(JSON.parse(text)).toEqual(JSON.parse(read(join(folder, name.replace("wayward-", "")))));
      }
    }
  });

  test.each([
    ["wayward", "wayward-ingest"],
    ["telemetry-wayward", "telemetry-wayward-ingest"],
    ["telemetry", "wayward/telemetry-ingest"],
  ])("called %s has a job called %s, and any monitor gives one by which the alerts know it", async (name, job) => {
    const known = /up\{job=~"([^"]+)"\}/.exec(read(join(CHART, "monitoring/rules/wayward.yaml")))?.[1];
    const jobOf = async (kind: string, given: string) => {
      const on = `fullnameOverride=${name},monitoring.${kind}.enabled=true,networkPolicy.metricsFrom={monitoring}`;
      const monitors = manifests(await render("--set", on)).filter((object) => object.kind.endsWith("Monitor"));
      const { endpoints, podMetricsEndpoints } = monitors[0]!.spec;
      const [{ relabelings = [] }] = endpoints ?? podMetricsEndpoints;
      return relabelled(given, relabelings);
    };
    // What the operator calls it: by its Service, or by the monitor and its namespace.
    expect(await jobOf("serviceMonitor", `${name}-ingest`)).toBe(job);
    for (const called of [job, await jobOf("podMonitor", `metrics/${name}`)])
      expect(called).toMatch(new RegExp(`^(?:${known})$`));
  });

  test("scales the archive to its most where Prometheus does not answer", () => {
    const [scaled] = objectsOf("everything").filter(({ kind }) => kind === "ScaledObject");
    expect(scaled?.spec).toMatchObject({ minReplicaCount: 1, maxReplicaCount: 8, fallback: { replicas: 8 } });
  });

  test("keeps no more in the trial store than it has room for, unless a setting says how much", async () => {
    const kept = async (...args: string[]) => {
      const envs = manifests(await render("--is-upgrade", ...args)).flatMap(({ metadata, spec }) => {
        const container = spec?.template?.spec.containers[0];
        const keep = container?.env?.find(({ name }: { readonly name: string }) => name === "WAYWARD_KEEP");
        return keep === undefined ? [] : [[metadata.name, keep.value]];
      });
      return Object.fromEntries(envs);
    };
    const both = (keep: string) => ({ "wayward-archive": keep, "wayward-upgrade-check": keep });
    expect(await kept()).toEqual(both("16384MiB"));
    expect(await kept("--set", "trialStore.volume.size=10Gi")).toEqual(both("8192MiB"));
    expect(await kept("--set", "archive.settings.keep=5GiB")).toEqual(both("5GiB"));
    expect(await kept("--set", "archive.settings.keep=0")).toEqual(both("0"));
    expect(await kept("--set", "settings.keep=5GiB")).toMatchObject(both("5GiB"));
    expect(await kept("--set", "store.bucket=records")).toEqual({});
    expect(await kept("--set", "mode=allInOne")).toEqual({});
  });

  test("renders the all-in-one from every preset", async () => {
    for (const preset of ["small", "medium", "large"]) {
      const args = ["--values", join(CHART, "presets", `${preset}.yaml`)];
      const off = ["ingest", "query", "stream"].flatMap((part) => ["--set", `${part}.autoscaling.enabled=false`]);
      const objects = manifests(await render(...args, ...off, "--set", "mode=allInOne"));
      expect(objects.filter(({ kind }) => kind === "StatefulSet")).toHaveLength(1);
      expect(objects.filter(({ kind }) => kind === "Deployment")).toHaveLength(0);
    }
  });
});

const objectsOf = (name: string) => manifests(read(keptPath(name)));

((await askReal("kubernetes-validate")) ? describe : describe.skip)("what is rendered", () => {
  test.each(KUBERNETES)(
    "is right for Kubernetes %s",
    async (version) => {
      for (const { name } of KEPT) {
        const objects = objectsOf(name).filter((object) => !isBrought(object));
        expect({ name, faults: await faults(objects, version) }).toEqual({ name, faults: [] });
      }
    },
    60_000,
  );

  const job = async (...args: string[]) => manifests(await render(...args)).filter(isBeforeUpgrade);

  test("before an upgrade is right, and only mode distributed has it", async () => {
    const [check] = await job("--is-upgrade");
    expect(check?.metadata.name).toBe("wayward-upgrade-check");
    expect(await faults([check!], "1.35")).toEqual([]);
    expect(await job()).toEqual([]);
    expect(await job("--is-upgrade", "--set", "upgradeCheck.enabled=false")).toEqual([]);
    expect(await job("--is-upgrade", "--set", "mode=allInOne")).toEqual([]);
  });

  test("before an upgrade is let in by each policy that lets archives in, and is chosen by no budget", async () => {
    const objects = manifests(await render("--is-upgrade"));
    const { metadata, spec } = objects.find(isBeforeUpgrade)!;
    // The second label is what Kubernetes gives to each pod of a job.
    const check = { ...spec.template.metadata.labels, "batch.kubernetes.io/job-name": metadata.name };
    const archive = objects.find(
      (object) => object.metadata.name === "wayward-archive" && object.kind === "Deployment",
    );
    const archiver = archive!.spec.template.metadata.labels;
    const budgets = objects.filter(({ kind }) => kind === "PodDisruptionBudget");
    const budgetsOf = (labels: Labels) => budgets.filter((budget) => chooses(budget.spec.selector, labels));
    expect(budgetsOf(archiver).map((budget) => budget.metadata.name)).toEqual(["wayward-archive"]);
    expect(budgetsOf(check)).toEqual([]);
    const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
    const letIn = (labels: Labels) =>
      policies
        .filter((policy) =>
          policy.spec.ingress.some(({ from = [] }: { readonly from?: readonly { readonly podSelector: Selector }[] }) =>
            from.some(({ podSelector }) => chooses(podSelector, labels)),
          ),
        )
        .map((policy) => policy.metadata.name);
    expect(letIn(archiver)).toEqual(["wayward-nats", "wayward-trial-store"]);
    expect(letIn(check)).toEqual(letIn(archiver));
  });

  test("would be refused with a field or a kind that nobody knows", async () => {
    const [policy] = objectsOf("default");
    const misspelt = { ...policy, spec: { ...policy?.spec, podSelektor: {} } } as Manifest;
    expect((await faults([misspelt], "1.35")).join()).toContain("podSelektor");
    const strange = { ...policy, kind: "NetworkPolitics" } as Manifest;
    expect((await faults([strange], "1.35")).join()).toContain("NetworkPolitics");
  });
});

describe("what is rendered for kinds that others bring", () => {
  const brought = [...objectsOf("everything"), podMonitor()].filter(isBrought);

  test("is each of them", () => {
    expect([...new Set(brought.map(({ kind }) => kind))].sort()).toEqual(
      ["Certificate", "GRPCRoute", "PodMonitor", "PrometheusRule", "ScaledObject", "ServiceMonitor"].sort(),
    );
  });

  test.each(brought.map((object) => [object.kind, object] as const))(
    "is right for %s as its makers define it",
    (kind, object) => {
      const definition = definitionOf(kind);
      if ("missing" in definition) {
        process.stderr.write(`\n!!! NO DEFINITION OF ${kind} HERE: it is not checked (${definition.missing})\n`);
        return;
      }
      expect(faultsOf(object, definition.schema)).toEqual([]);
      expect(faultsOf({ ...object, spec: { ...object.spec, unheardOf: 1 } }, definition.schema).join()).toContain(
        "unheardOf",
      );
    },
  );
});

/** The same as the ServiceMonitor of the kept render, but for its kind and the name of the list. */
function podMonitor(): Manifest {
  const monitor = objectsOf("everything").find(({ kind }) => kind === "ServiceMonitor");
  if (monitor === undefined) throw new Error("no ServiceMonitor is rendered");
  const { endpoints, ...spec } = monitor.spec;
  return { ...monitor, kind: "PodMonitor", spec: { ...spec, podMetricsEndpoints: endpoints } };
}

function isBeforeUpgrade({ metadata }: Manifest): boolean {
  return metadata.annotations?.["helm.sh/hook"] === "pre-upgrade";
}

type Labels = Readonly<Record<string, string>>;

/** A selector of labels, with the operators that the chart uses. */
interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "DoesNotExist";
    readonly values?: readonly string[];
  }[];
}

/** Whether Kubernetes would choose a pod that has these labels. */
function chooses({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) =>
      operator === "In" ? values.includes(labels[key] ?? "") : !(key in labels),
    )
  );
}

/** The job that these relabellings leave, of which each replaces the whole of it. */
function relabelled(job: string, rules: readonly { readonly replacement: string }[]): string {
  return rules.reduce((name, { replacement }) => replacement.replace("$1", name), job);
}
