import { until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { heldAgainst, Load } from "./load.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";
import { SmallVolume } from "./small-volume.ts";

const NAMESPACE = "wayward-all-in-one";
const ENV: Env = { WAYWARD_SERVER: `wayward.${NAMESPACE}:4610` };
const ASKING = "asks-all-in-one";
const MODE = "mode=allInOne";

/** One pod on one volume: killed, uninstalled and installed again, it has what it had. */
export async function allInOne(lab: Lab, apps: Apps, rows: Rows): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  await release.forget();
  await release.makeNamespace();

  await rows.row("all-in-one: no storage class, then there is one", () => withoutClass(release));
  await rows.row("all-in-one: install", async () => {
    await release.apply(MODE);
    return { facts: `${(await release.pods()).length} pod ready, ${await release.restarts()} restarts` };
  });
  await rows.row("all-in-one: helm test", () => helmTest(release));
  await rows.row("all-in-one: dies while a program records", async () => {
    await apps.startAsking(ASKING, ENV);
    await apps.startNumbers("numbers-all-in-one", 1_000, 15, ENV);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await release.kill("all-in-one");
    const { sent, read, isComplete } = await apps.count("numbers-all-in-one", ASKING);
    return {
      facts: `sent ${sent}, read ${read}`,
      wrong: [sent !== read && "lost or doubled", !isComplete && "not complete"],
    };
  });
  await rows.row("all-in-one: only gRPC is reached", async () => {
    const [grpc, http] = [4610, 4611].map((port) => `wayward.${NAMESPACE}:${port}`) as [string, string];
    const reached = await apps.reached(ASKING, [grpc, http]);
    return {
      facts: "4610 reached, 4611 not",
      wrong: [!reached.includes(grpc) && "4610 is not reached", reached.includes(http) && "4611 is reached"],
    };
  });
  await rows.row("all-in-one: uninstall leaves data, install finds it", async () => {
    await release.helm("uninstall", "--wait");
    await release.apply(MODE);
    const { sent, read } = await apps.count("numbers-all-in-one", ASKING);
    return { facts: `${read} records of before`, wrong: [read !== sent && `${sent} were there`] };
  });
  await release.forget();
  await release.makeNamespace();
  await rows.row("all-in-one: the volume is full", () => fullVolume(release, apps));
}

/** A cluster without a default class leaves the pod waiting, and says why; once there is one all goes on. */
async function withoutClass(release: Release): Promise<Found> {
  const isDefault = (yes: boolean) => {
    const annotation = `storageclass.kubernetes.io/is-default-class=${yes}`;
    return release.lab.must(["kubectl", "annotate", "storageclass", "standard", annotation, "--overwrite"]);
  };
  await isDefault(false);
  try {
    await release.tryToApply(MODE);
    await release.described("all-in-one", /unbound immediate PersistentVolumeClaims/);
    await until("the claim to say why", async () => {
      return (await release.kubectl("describe", "pvc")).includes("no storage class is set");
    });
  } finally {
    await isDefault(true);
  }
  await release.kubectl("rollout", "status", "statefulset/wayward", "--timeout=120s");
  return { facts: `unbound claim, no storage class is set; then ready, ${await release.restarts()} restarts` };
}

/** A volume that is full while programs record: the pod says so, they keep what they have, and nothing is lost. */
async function fullVolume(release: Release, apps: Apps): Promise<Found> {
  const volume = await SmallVolume.make(release.lab, 64);
  try {
    await release.apply(MODE, `global.storageClass=${SmallVolume.storageClass}`);
    const load = await Load.start(apps, "full", { rate: 20_000, programs: 2 }, ENV);
    await volume.fill();
    await release.kubectl("delete", "pod", "--grace-period=0", "--force", "wayward-0");
    const line = await release.described("all-in-one", /(BUS|STORE)_FULL/);
    await volume.makeRoom();
    await until("the pod to be ready", async () => (await release.restarts()) > 0);
    await release.kubectl("wait", "--for=condition=Ready", "pod/wayward-0", "--timeout=180s");
    const told = await load.end();
    // The only pod is away while its volume is full: nobody can answer then.
    const { facts, wrong } = heldAgainst({ ...told, questions: { ...told.questions, unanswered: [] } });
    return { facts: `${/[A-Z]+_FULL/.exec(line)?.[0]}; ${facts}`, wrong };
  } finally {
    await release.forget();
    await volume.remove();
  }
}
