import { until } from "@wayward/testing";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";

const NAMESPACE = "wayward-outside-store";
/** Another release, whose trial store and NATS are somebody else's to this one. */
const STORE = "wayward-store";

/** A store outside of the release; and what pods say where store or bus cannot be used. */
export async function outsideStore(lab: Lab, rows: Rows): Promise<void> {
  const store = new Release(lab, STORE);
  const release = new Release(lab, NAMESPACE);
  for (const one of [store, release]) {
    await one.forget();
    await one.makeNamespace();
  }
  const endpoint = `store.endpoint=http://wayward-trial-store.${STORE}:7070`;
  const small = ["nats.replicas=1", "settings.busBytes=64MiB", endpoint, "store.existingSecret=s3-login"];

  await rows.row("outside store: install on a bucket elsewhere", async () => {
    await store.apply("nats.replicas=1", "settings.busBytes=64MiB", "networkPolicy.enabled=false");
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
    return says(release, [...small, "store.bucket=absent"], "archive", /exit 1: .*NO_BUCKET.*bucket absent at/);
  });
  await rows.row("outside store: a login that is refused", async () => {
    const data = { stringData: { "access-key-id": "nobody", "secret-access-key": "nothing-right" } };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "wrong-login" }, ...data };
    await lab.must(["kubectl", "--namespace", NAMESPACE, "create", "-f", "-"], 60_000, JSON.stringify(secret));
    const values = [...small, "store.bucket=wayward", "store.existingSecret=wrong-login"];
    return says(release, values, "archive", /exit 78: .*STORE_DENIED/);
  });
  await rows.row("outside store: a bus that knows no such login", () => {
    const bus = `wayward-nats.${STORE}`;
    const outside = [
      "nats.enabled=false",
      `externalNats.servers=nats://${bus}:4222`,
      `externalNats.monitor=http://${bus}:8222`,
    ];
    return says(release, [...small, ...outside, "store.bucket=wayward"], "ingest", /exit 78: .*BUS_DENIED/);
  });
  await release.forget();
  await store.forget();
}

/** Whether a pod of this part ends with these words in its termination message, which `kubectl describe` shows. */
async function says(release: Release, values: readonly string[], part: string, words: RegExp): Promise<Found> {
  const { ok, stderr } = await release.tryToApply(...values);
  if (!ok) throw new Error(stderr);
  let said: string[] = [];
  await until(`a pod of ${part} that says ${words}`, async () => {
    said = await release.lastWords(part);
    return said.some((line) => words.test(line));
  });
  const line = said.find((one) => words.test(one)) ?? "";
  return { facts: `${part}: ${/"error":"([^"]*)"/.exec(line)?.[1]?.slice(0, 55) ?? line}` };
}

async function copyLogin(from: Release, to: Release): Promise<void> {
  const { data } = JSON.parse(await from.kubectl("get", "secret", "wayward-trial-store", "--output", "json"));
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s3-login" }, data };
  await to.lab.must(["kubectl", "--namespace", to.namespace, "create", "-f", "-"], 60_000, JSON.stringify(secret));
}
