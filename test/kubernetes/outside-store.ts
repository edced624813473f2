import { join } from "node:path";
import { oneFile } from "../../deploy/images/one-file.ts";
import type { Apps, Env } from "./apps.ts";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { type Amount, underLoad } from "./load.ts";
import { CHART_BEFORE, Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";

const NAMESPACE = "wayward-outside-store";
/** Another release, whose trial store and NATS are somebody else's to this one. */
const STORE = "wayward-store";
const STORE_VALUES = ["nats.replicas=1", "settings.busBytes=64MiB", "networkPolicy.enabled=false"];
const ENV: Env = Object.fromEntries(
  ["ingest", "query", "stream"].map((part) => [`WAYWARD_${part.toUpperCase()}`, `wayward-${part}.${STORE}:4610`]),
);
const ASKING = "asks-store";

/**
 * A release that is upgraded from the chart before, whose store is then
 * another's; and what pods say where store or bus cannot be used.
 */
export async function outsideStore(lab: Lab, apps: Apps, rows: Rows, amount: Amount): Promise<void> {
  const store = new Release(lab, STORE);
  const release = new Release(lab, NAMESPACE);
  for (const one of [store, release]) {
    await one.forget();
    await one.makeNamespace();
  }
  const endpoint = `store.endpoint=http://wayward-trial-store.${STORE}:7070`;
  const small = [
    // What pods say is asked here, and the check would let none of them begin.
    "upgradeCheck.enabled=false",
    "nats.replicas=1",
    "settings.busBytes=64MiB",
    endpoint,
    "store.existingSecret=s3-login",
  ];

  const bus = (address: string) => [
    ...small,
    "store.bucket=wayward",
    "nats.enabled=false",
    `externalNats.servers=nats://${address}:4222`,
    `externalNats.monitor=http://${address}:8222`,
    "externalNats.copies=1",
  ];

  await rows.row("upgrade: install with the chart before", async () => {
    await store.applyChart(CHART_BEFORE, ...STORE_VALUES);
    return { facts: `${(await store.pods()).length} pods ready` };
  });
  await rows.row("upgrade: to the present chart, under load", () => upgraded(store, apps, amount));
  await rows.row("outside store: install on a bucket elsewhere", async () => {
    await copyLogin(store, release);
    await release.apply(...small, "store.bucket=wayward");
    const pods = await release.pods("trial-store");
    return {
      facts: `${(await release.pods()).length} pods ready`,
      wrong: [pods.length > 0 && "a trial store is there too"],
    };
  });
  await rows.row("outside store: helm test", () => helmTest(release));
  await rows.row("outside store: a bucket that is not there", () => {
    return says(
      release,
      [...small, "store.bucket=absent"],
      "archive",
      /bucket absent at.*NO_BUCKET|NO_BUCKET.*bucket absent at/,
    );
  });
  await rows.row("outside store: a login that is refused", async () => {
    const data = { stringData: { "access-key-id": "nobody", "secret-access-key": "nothing-right" } };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "wrong-login" }, ...data };
    await lab.must(["kubectl", "--namespace", NAMESPACE, "create", "-f", "-"], 60_000, JSON.stringify(secret));
    const values = [...small, "store.bucket=wayward", "store.existingSecret=wrong-login"];
    return says(release, values, "archive", /STORE_DENIED/);
  });
  await rows.row("outside store: a bus that knows no such login", () => {
    return says(release, bus(`wayward-nats.${STORE}`), "ingest", /BUS_DENIED/);
  });
  await rows.row("outside store: a store that knows no conditions", async () => {
    const address = await server(apps, "careless-store");
    const values = [...small, "store.bucket=wayward", `store.endpoint=http://${address}:9000`];
    return says(release, values, "archive", /STORE_NOT_CONDITIONAL/);
  });
  await rows.row("outside store: a bus that is too old", async () => {
    return says(release, bus(await server(apps, "old-nats")), "ingest", /BUS_TOO_OLD/);
  });
  await rows.row("outside store: a bus that does not sync", async () => {
    const args = ["-js", "-sd", "/tmp/jetstream", "-m", "8222"];
    const address = await apps.startServer("careless-nats", "nats:2.15.2", args);
    return says(release, bus(address), "ingest", /BUS_NOT_DURABLE/);
  });
  await rows.row("upgrade: refused before anything is changed", async () => {
    await makeBucket(store, "empty");
    const checked = [...small, "upgradeCheck.enabled=true"];
    await release.apply(...checked, "store.bucket=wayward");
    const before = await generations(release);
    const refused = async (reason: string, ...values: readonly string[]) => {
      const { ok, stdout, stderr } = await release.tryToApply(...checked, ...values);
      return (ok || !`${stdout}${stderr}`.includes(reason)) && `${values.join()}: ${stdout}${stderr}`;
    };
    const wrong = [
      await refused("NO_BUCKET", "store.bucket=absent"),
      await refused("STORE_EMPTY", "store.bucket=empty"),
      await refused("names the secret nowhere,", "store.bucket=wayward", "store.existingSecret=nowhere"),
      await refused("makes the secret wayward-trial-store", "store.existingSecret=", "store.endpoint="),
    ];
    return {
      facts: "a bucket or login that is missing, stores that would hide the archive",
      wrong: [...wrong, (await generations(release)) !== before && "pods were replaced"],
    };
  });
  await release.forget();
  await store.forget();
}

/** How often what is to run was changed, of each part. */
function generations(release: Release): Promise<string> {
  return release.kubectl("get", "deployments,statefulsets", "--output", "jsonpath={.items[*].metadata.generation}");
}

/** What was recorded with the chart before, and while it is replaced, is read from the present one. */
async function upgraded(release: Release, apps: Apps, amount: Amount): Promise<Found> {
  await apps.startAsking(ASKING, ENV);
  await apps.startNumbers("before", 1_000, 2, ENV);
  await apps.count("before", ASKING);
  const { facts, wrong } = await underLoad(apps, "chart-upgrade", amount, ENV, () =>
    release.allReplaced(() => release.apply(...STORE_VALUES, "pod.annotations.changed=yes")),
  );
  const { sent, read, isComplete } = await apps.count("before", ASKING);
  return {
    facts: `${read} of before; ${facts}`,
    wrong: [...wrong, read !== sent && `${sent} were there before`, !isComplete && "not complete"],
  };
}

/** A bucket of the trial store is a folder of its volume. */
async function makeBucket(store: Release, name: string): Promise<void> {
  const claim = "data-wayward-trial-store-0";
  const volume = await store.kubectl("get", "pvc", claim, "--output", "jsonpath={.spec.volumeName}");
  const folder = await store.kubectl("get", "pv", volume, "--output", "jsonpath={.spec.hostPath.path}");
  await store.lab.must(["mkdir", "--mode=0777", `${folder}/buckets/${name}`]);
}

/** A server of `programs` in a pod; tells its address. */
async function server(apps: Apps, program: string): Promise<string> {
  const file = `${program}.mjs`;
  await apps.provide(program, file, () => oneFile(join(import.meta.dirname, "programs", `${program}.ts`)));
  await apps.startProgram(program, program, [file], {});
  return apps.addressOf(program);
}

/** Whether a pod of this part ends with this reason, as `kubectl describe` shows it. */
async function says(release: Release, values: readonly string[], part: string, reason: RegExp): Promise<Found> {
  const { ok, stderr } = await release.tryToApply(...values);
  if (!ok) throw new Error(stderr);
  const line = await release.described(part, reason);
  return { facts: `${part}: ${/"error":"([^"]*)"/.exec(line)?.[1]?.slice(0, 75) ?? line}` };
}

async function copyLogin(from: Release, to: Release): Promise<void> {
  const { data } = JSON.parse(await from.kubectl("get", "secret", "wayward-trial-store", "--output", "json"));
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s3-login" }, data };
  await to.lab.must(["kubectl", "--namespace", to.namespace, "create", "-f", "-"], 60_000, JSON.stringify(secret));
}
