import { join } from "node:path";
import { until } from "@wayward/testing";
import type { Lab, Said } from "./lab.ts";

export const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "wayward");
/** What people upgrade from; charts/README.md says what it is. */
export const CHART_BEFORE = join(import.meta.dirname, "charts", "wayward-before.tgz");

/** What is looked at of a pod. */
interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
}

const READY_WITHIN_MS = 300_000;

/** The chart, installed as `wayward` in a namespace of its own. */
export class Release {
  readonly lab: Lab;
  readonly namespace: string;

  constructor(lab: Lab, namespace: string) {
    this.lab = lab;
    this.namespace = namespace;
  }

  /** Removes what stories have left that ended before their time, but for this namespace: it would take the room of others. */
  static async forgetAll(lab: Lab, but: string): Promise<void> {
    const names = (await lab.must(["kubectl", "get", "namespaces", "--output", "name"])).trim().split("\n");
    const left = names.filter((name) => name.startsWith("namespace/wayward") && name !== `namespace/${but}`);
    if (left.length > 0) await lab.must(["kubectl", "delete", ...left], READY_WITHIN_MS);
  }

  /** A new namespace that enforces this Pod Security Standard. */
  async makeNamespace(standard: "restricted" | "privileged" = "restricted"): Promise<void> {
    await this.lab.must(["kubectl", "create", "namespace", this.namespace]);
    const label = `pod-security.kubernetes.io/enforce=${standard}`;
    await this.lab.must(["kubectl", "label", "namespace", this.namespace, label]);
  }

  /** Removes the namespace with all that is in it. */
  async forget(): Promise<void> {
    await this.lab.run(["helm", "uninstall", "wayward", "--namespace", this.namespace, "--wait"], READY_WITHIN_MS);
    await this.lab.must(["kubectl", "delete", "namespace", this.namespace, "--ignore-not-found"], READY_WITHIN_MS);
  }

  helm(command: string, ...args: readonly string[]): Promise<Said> {
    return this.lab.run(["helm", command, "wayward", ...args, "--namespace", this.namespace], READY_WITHIN_MS);
  }

  /** Installs or upgrades and waits until all is ready. Throws helm's words. */
  apply(...values: readonly string[]): Promise<void> {
    return this.applyChart(CHART, ...values);
  }

  /** The same with another chart than the present one. */
  async applyChart(chart: string, ...values: readonly string[]): Promise<void> {
    const settings = values.flatMap((value) => ["--set", value]);
    const wait = ["--wait", "--timeout", `${READY_WITHIN_MS / 1000}s`];
    const said = await this.helm("upgrade", chart, "--install", ...wait, ...settings);
    if (!said.ok) throw new Error(`${said.stderr}${await this.troubles()}`);
  }

  /** As `apply`, but waits for nothing, and a failure is an answer. */
  tryToApply(...values: readonly string[]): Promise<Said> {
    return this.helm("upgrade", CHART, "--install", ...values.flatMap((value) => ["--set", value]));
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.lab.must(["kubectl", "--namespace", this.namespace, ...args], READY_WITHIN_MS);
  }

  /** The pods of this part, or all of the release but those of `helm test`. */
  async pods(part?: string): Promise<readonly Pod[]> {
    const selector = `app.kubernetes.io/instance=wayward,app.kubernetes.io/component${part === undefined ? "!=test" : `=${part}`}`;
    return JSON.parse(await this.kubectl("get", "pods", "--selector", selector, "--output", "json")).items;
  }

  async restarts(): Promise<number> {
    const counts = (await this.pods()).flatMap(({ status }) => status.containerStatuses ?? []);
    return counts.reduce((sum, { restartCount }) => sum + restartCount, 0);
  }

  /** Ends a part's pods, or this one of them, without any grace, as a node that fails does, and waits for others in their place. */
  async kill(part: string, name?: string): Promise<void> {
    await this.replaced(part, name, (names) => this.kubectl("delete", "pod", "--grace-period=0", "--force", ...names));
  }

  /** Replaces a part's pods one after the other, as an upgrade does, and waits until the last of the old ones has ended. */
  async restart(part: string): Promise<void> {
    const what = `${part === "nats" ? "statefulset" : "deployment"}/wayward-${part}`;
    await this.allReplaced(async () => {
      await this.kubectl("rollout", "restart", what);
      await this.kubectl("rollout", "status", what, "--timeout=300s");
    }, part);
  }

  /** Does what replaces all pods, or those of a part, and waits until the old ones have ended. */
  async allReplaced(replace: () => Promise<unknown>, part?: string): Promise<void> {
    const before = new Set((await this.pods(part)).map(({ metadata }) => metadata.uid));
    await replace();
    const isThere = ({ metadata }: Pod) => before.has(metadata.uid);
    await until("the old pods to be gone", async () => !(await this.pods(part)).some(isThere));
  }

  /** Until what `end` has ended of a part, all its pods or this one, is gone and as many are ready as before. */
  async replaced(part: string, name: string | undefined, end: (names: string[]) => Promise<unknown>): Promise<void> {
    const before = await this.pods(part);
    const ending = before.filter(({ metadata }) => name === undefined || metadata.name === name);
    const gone = new Set(ending.map(({ metadata }) => metadata.uid));
    await end(ending.map(({ metadata }) => metadata.name));
    await until(`other pods of ${part}`, async () => {
      const pods = await this.pods(part);
      return pods.length === before.length && pods.every((pod) => isReady(pod) && !gone.has(pod.metadata.uid));
    });
  }

  /** Waits until `kubectl describe` shows these words of a part's pods, and gives the line. */
  async described(part: string, words: RegExp): Promise<string> {
    const selector = `app.kubernetes.io/instance=wayward,app.kubernetes.io/component=${part}`;
    let line: string | undefined;
    await until(
      `kubectl describe to show ${words} of ${part}`,
      async () => {
        const shown = await this.kubectl("describe", "pods", "--selector", selector);
        line = shown.split("\n").find((one) => words.test(one));
        return line !== undefined;
      },
      { withinMs: 120_000 },
    );
    return line?.trim() ?? "";
  }

  /** For whoever reads why it did not come up. */
  async troubles(): Promise<string> {
    const { stdout } = await this.lab.run(["kubectl", "--namespace", this.namespace, "get", "pods,events"]);
    return `\n${stdout}`;
  }
}

function isReady({ status }: Pod): boolean {
  return (status.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");
}
