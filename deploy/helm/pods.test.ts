import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { type Manifest, manifests } from "./testing/helm.ts";
import { KEPT, keptPath } from "./testing/renders.ts";

interface Pod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a pod's spec is Kubernetes's own, and kubernetes-validate checks it.
  readonly spec: any;
}

const objects = KEPT.flatMap(({ name }) =>
  manifests(readFileSync(keptPath(name), "utf8")).map((object) => ({ name, object })),
);

/** What would run as a pod. */
function podOf({ kind, metadata, spec }: Manifest): Omit<Pod, "name"> | undefined {
  if (kind === "Pod") return { labels: metadata.labels ?? {}, spec };
  return spec?.template?.spec === undefined
    ? undefined
    : { labels: spec.template.metadata.labels, spec: spec.template.spec };
}

const pods: Pod[] = objects.flatMap(({ name, object }) => {
  const pod = podOf(object);
  return pod === undefined ? [] : [{ name: `${object.kind} ${object.metadata.name} of ${name}`, ...pod }];
});
const isCollector = ({ labels }: Pod) => labels["app.kubernetes.io/component"] === "collector";
const isTest = ({ labels }: Pod) => labels["app.kubernetes.io/component"] === "test";
const containersOf = ({ spec }: Pod) => [...(spec.initContainers ?? []), ...spec.containers];

describe("every pod", () => {
  test.each(pods.filter((pod) => !isCollector(pod)))("$name is restricted, in each container", (pod) => {
    expect(pod.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const { securityContext } of containersOf(pod)) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        runAsUser: 65532,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      });
    }
    expect((pod.spec.volumes ?? []).filter((volume: object) => "hostPath" in volume)).toEqual([]);
  });

  test.each(pods.filter(isCollector))("$name has two capabilities and nothing else beyond that", (pod) => {
    for (const { securityContext } of containersOf(pod)) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"], add: ["DAC_OVERRIDE", "FOWNER"] },
      });
    }
  });

  test.each(pods)("$name asks for CPU and memory, is bounded in memory, and says why it ended", (pod) => {
    for (const { resources, terminationMessagePolicy, image } of containersOf(pod)) {
      expect(resources).toMatchObject({
        requests: { cpu: expect.anything(), memory: expect.anything() },
        limits: { memory: expect.anything() },
      });
      expect(terminationMessagePolicy).toBe("FallbackToLogsOnError");
      expect(image).toMatch(/:(v?\d+\.\d+\.\d+|[0-9a-f]{64})$/);
    }
  });

  test.each(pods.filter((pod) => !isCollector(pod) && !isTest(pod)))("$name has all three probes", (pod) => {
    for (const { startupProbe, readinessProbe, livenessProbe } of pod.spec.containers) {
      expect([startupProbe, readinessProbe, livenessProbe]).not.toContain(undefined);
    }
  });

  test.each(pods.filter(({ labels }) => labels["app.kubernetes.io/component"] === "nats"))(
    "$name has half an hour to find the others and to catch up with them",
    ({ spec }) => {
      const { httpGet, periodSeconds, failureThreshold } = spec.containers[0].startupProbe;
      expect(httpGet.path).toBe("/healthz");
      expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(1800);
    },
  );

  test.each(pods.filter((pod) => !isTest(pod)))(
    "$name spreads, has time to end, and names no variable twice",
    (pod) => {
      if (!isCollector(pod)) expect(pod.spec.topologySpreadConstraints).toHaveLength(2);
      expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(30);
      for (const { env = [] } of containersOf(pod)) {
        const names = env.map(({ name }: { name: string }) => name);
        expect(names).toEqual([...new Set(names)]);
      }
    },
  );
});

describe("the registry that stands in front of all", () => {
  test("is in front of every image", () => {
    const images = pods
      .filter(({ name }) => name.endsWith("of everything"))
      .flatMap((pod) => containersOf(pod).map(({ image }) => image));
    expect(images.filter((image) => !image.startsWith("registry.example.org/mirror/"))).toEqual([]);
    expect(images.find((image) => image.includes("/ingest"))).toMatch(/ingest@sha256:/);
  });
});

describe("what every pod gets", () => {
  const all = pods.filter(({ name }) => name.endsWith("of everything"));

  test.each(all)("is given to $name", ({ spec }) => {
    expect(spec).toMatchObject({
      serviceAccountName: "wayward",
      enableServiceLinks: false,
      imagePullSecrets: [{ name: "pull" }],
      tolerations: [{ key: "dedicated", operator: "Exists" }],
      priorityClassName: "high",
      affinity: { nodeAffinity: expect.anything() },
    });
  });

  test("has variables for the services and the collector", () => {
    const told = all
      .filter((pod) => !isTest(pod))
      .flatMap((pod) =>
        pod.spec.containers.map(({ name, env }: { name: string; env: readonly { name: string }[] }) => [
          name,
          env.some((variable) => variable.name === "NODE_EXTRA_CA_CERTS"),
        ]),
      );
    expect(Object.fromEntries(told)).toEqual({
      archive: true,
      ingest: true,
      query: true,
      stream: true,
      collector: true,
    });
  });
});

describe("every workload", () => {
  const of = (name: string) => objects.filter((one) => one.name === name).map(({ object }) => object);

  test.each(KEPT.map(({ name }) => name))(
    "of %s that has several pods has a budget that never blocks a drain",
    (name) => {
      const budgets = of(name).filter(({ kind }) => kind === "PodDisruptionBudget");
      const several = of(name).filter(
        ({ kind, metadata }) =>
          kind === "Deployment" || (/-nats$/.test(`${kind}${metadata.name}`) && kind === "StatefulSet"),
      );
      expect(budgets.map(({ metadata }) => metadata.name).sort()).toEqual(
        several.map(({ metadata }) => metadata.name).sort(),
      );
      for (const { spec } of budgets)
        expect(spec).toMatchObject({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" });
    },
  );

  test.each(KEPT.map(({ name }) => name))("of %s is chosen by a policy for the network", (name) => {
    const chosen = of(name)
      .filter(({ kind }) => kind === "NetworkPolicy")
      .map(({ spec }) => spec.podSelector.matchLabels["app.kubernetes.io/component"]);
    const parts = of(name)
      .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
      .map(({ spec }) => spec.selector.matchLabels["app.kubernetes.io/component"]);
    expect(chosen.sort()).toEqual(parts.sort());
  });
});
