import { until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import type { Lab, Said } from "./lab.ts";
import { type Amount, underLoad } from "./load.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";
import { scaling } from "./scaling.ts";

const NAMESPACE = "wayward-distributed";
const ENV: Env = Object.fromEntries(
  ["ingest", "query", "stream"].map((part) => [`WAYWARD_${part.toUpperCase()}`, `wayward-${part}.${NAMESPACE}:4610`]),
);
/** From the issue that asked for the chart. */
const INSTALL_WITHIN_S = 120;
const ASKING = "asks-distributed";

/** The chart as it comes, with what a cluster does to it: pods that die, upgrades, an end and a new beginning. */
export async function distributed(lab: Lab, apps: Apps, rows: Rows, amount: Amount): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  await release.forget();
  await release.makeNamespace();

  await rows.row("distributed: install with no values", async () => {
    const begun = performance.now();
    await release.apply();
    const seconds = (performance.now() - begun) / 1000;
    const pods = await release.pods();
    const facts = `${pods.length} pods ready, ${await release.restarts()} restarts`;
    return { facts, wrong: [seconds > INSTALL_WITHIN_S && `more than ${INSTALL_WITHIN_S} s`] };
  });
  await rows.row("distributed: helm test", () => helmTest(release));
  await rows.row("distributed: a sidecar records a program", async () => {
    await apps.startAsking(ASKING, ENV);
    await apps.applyFile("deploy/helm/wayward/examples/sidecar.yaml", (text) =>
      text.replace("wayward-ingest.wayward:4610", `wayward-ingest.${NAMESPACE}:4610`),
    );
    await until("the end of the recorded pod", async () => {
      return (await apps.kubectl("get", "pod", "recorded", "-o", "jsonpath={.status.phase}")) === "Succeeded";
    });
    const lines = await apps.wayward(ASKING, "read", "--name", "recorded", "--kind", "log.message");
    const sessions = await apps.wayward(ASKING, "sessions", "--name", "recorded");
    return {
      facts: "restricted, read from another namespace",
      wrong: [
        !lines.includes("hello from a pod") && `not read: ${lines}`,
        !sessions.includes("ENDED") && `the end was not pushed: ${sessions}`,
      ],
    };
  });
  await rows.row("distributed: policies for the network", () => policies(release, apps));
  for (const part of ["ingest", "archive", "query", "stream", "trial-store", "nats"]) {
    await rows.row(`distributed: ${part} dies under load`, () =>
      // Any of the three NATS servers may lead a stream: the first is as good as another.
      underLoad(apps, `kill-${part}`, amount, ENV, () =>
        release.kill(part, part === "nats" ? "wayward-nats-0" : undefined),
      ),
    );
  }
  for (const part of ["ingest", "archive", "query", "stream", "nats"]) {
    await rows.row(`distributed: ${part} is replaced under load`, () =>
      underLoad(apps, `replace-${part}`, amount, ENV, () => release.restart(part)),
    );
  }
  const follows = "distributed: services follow their load";
  if (lab.hasMetrics) await rows.row(follows, () => scaling(release, apps, ENV, amount));
  else rows.leaveOut(follows, "the lab has no metrics-server: `lab up --metrics` builds it");
  await rows.row("distributed: metrics for whom they are", async () => {
    await release.apply(`networkPolicy.metricsFrom[0]=${apps.namespace}`);
    const reached = await apps.reached(ASKING, [`wayward-archive.${NAMESPACE}:4611`]);
    return { facts: "4611 from a namespace that is named", wrong: [reached.length === 0 && "not reached"] };
  });
  await rows.row("distributed: a budget refuses an eviction", () => evictions(release));
  await rows.row("distributed: what may not change", async () => {
    const partitions = await release.tryToApply("settings.partitions=8", "nats.volume.size=20Gi");
    const mode = await release.tryToApply("mode=allInOne");
    return {
      facts: "partitions and mode, refused with the fix",
      wrong: [
        !partitions.stderr.includes("set settings.partitions to 4") && `partitions: ${partitions.stderr}`,
        !mode.stderr.includes("install a second release in mode allInOne in another namespace") &&
          `mode: ${mode.stderr}`,
      ],
    };
  });
  await rows.row("distributed: uninstall leaves data, install finds it", async () => {
    await apps.startNumbers("kept", 1_000, 1, ENV);
    const before = await apps.count("kept", ASKING);
    await release.helm("uninstall", "--wait");
    const claims = (await release.kubectl("get", "pvc", "--output", "name")).trim().split("\n").length;
    await release.apply();
    const after = await apps.count("kept", ASKING);
    return {
      facts: `${claims} volumes, ${after.read} records of before`,
      wrong: [claims !== 4 && "4 volumes were there", after.read !== before.sent && `${before.sent} were there`],
    };
  });
  await release.forget();
}

export async function helmTest(release: Release): Promise<Found> {
  const { ok, stdout, stderr } = await release.helm("test", "--logs");
  const read = /\d+ records? of \d+ sessions?, complete/.exec(`${stdout}${stderr}`)?.[0];
  return { facts: read ?? "", wrong: [!ok && stderr, read === undefined && "nothing was read back"] };
}

async function policies(release: Release, apps: Apps): Promise<Found> {
  const at = (service: string) => `wayward-${service}.${release.namespace}`;
  const open = ["ingest", "query", "stream"].map((part) => `${at(part)}:4610`);
  const closed = [
    ...["ingest", "archive", "query", "stream"].map((part) => `${at(part)}:4611`),
    `${at("nats")}:4222`,
    `${at("nats")}:8222`,
    `${at("nats-nodes")}:6222`,
    `${at("trial-store")}:7070`,
  ];
  const reached = await apps.reached(ASKING, [...open, ...closed]);
  return {
    facts: `${open.length} reached, ${closed.length} not`,
    wrong: [
      ...open.map((address) => !reached.includes(address) && `${address} is not reached`),
      ...closed.map((address) => reached.includes(address) && `${address} is reached`),
    ],
  };
}

/** One server of NATS may go at a time. */
async function evictions(release: Release): Promise<Found> {
  const evict = (name: string) => {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: release.namespace } };
    const path = `/api/v1/namespaces/${release.namespace}/pods/${name}/eviction`;
    return release.lab.run(["kubectl", "create", "--raw", path, "--filename", "-"], 60_000, JSON.stringify(body));
  };
  const answers: Said[] = [];
  await release.replaced("nats", "wayward-nats-1", async () => {
    answers.push(await evict("wayward-nats-1"), await evict("wayward-nats-2"));
  });
  const [first, second] = answers;
  return {
    facts: "the second of two NATS servers",
    wrong: [
      first?.ok !== true && `the first: ${first?.stderr}`,
      second?.ok !== false && "the second was evicted too",
      !/disruption budget/.test(second?.stderr ?? "") && `the second: ${second?.stderr}`,
    ],
  };
}
