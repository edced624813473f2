import { until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import { type Amount, heldAgainst, Load } from "./load.ts";
import type { Release } from "./release.ts";
import type { Found } from "./rows.ts";

/** A fifth of the CPU request: idle it takes 7 %, at 100,000 records a second 55 %. */
const VALUES = [
  "ingest.autoscaling.enabled=true",
  "ingest.autoscaling.min=1",
  "ingest.autoscaling.max=3",
  "ingest.autoscaling.cpuPercent=20",
];
/** From the issue that asked for it. */
const REBALANCED_WITHIN_S = 60;
const PODS = 3;
/** Connections: so many that chance alone gives each of three pods more than half of its share. */
const PROGRAMS = 60;
/** The chart waits for minutes before it takes a pod away. */
const SOON = { stabilizationWindowSeconds: 5, policies: [{ type: "Pods", value: 2, periodSeconds: 5 }] };

/** Ingest is scaled up by its load: its agents spread over the new pods; and down again once it is over. */
export async function scaling(release: Release, apps: Apps, env: Env, { rate }: Amount): Promise<Found> {
  await release.apply(...VALUES);
  const load = await Load.start(apps, "scaling", { rate, programs: PROGRAMS }, env);
  await until("more pods of ingest", async () => (await wanted(release)) >= PODS, { everyMs: 250 });
  const scaled = performance.now();
  let shares: number[] = [];
  const areSpread = async () => {
    shares = await streams(release);
    return isEven(shares);
  };
  await until("agents on all pods", areSpread, { withinMs: 120_000, everyMs: 250 });
  const seconds = (performance.now() - scaled) / 1000;
  const told = await load.end();
  await release.kubectl(
    "patch",
    "hpa",
    // Else helm could not change it any more.
    "--field-manager=helm",
    "wayward-ingest",
    "--patch",
    JSON.stringify({ spec: { behavior: { scaleDown: SOON } } }),
  );
  await until("one pod of ingest", async () => (await release.pods("ingest")).length === 1, {
    withinMs: 180_000,
  });
  const { facts, wrong } = heldAgainst(told);
  return {
    facts: `1 → 3 → 1; ${shares.join(", ")} agents after ${seconds.toFixed(0)} s; ${facts}`,
    wrong: [...wrong, seconds > REBALANCED_WITHIN_S && `rebalanced after more than ${REBALANCED_WITHIN_S} s`],
  };
}

/** How many pods the Deployment asks for. */
async function wanted(release: Release): Promise<number> {
  return Number(await release.kubectl("get", "deployment", "wayward-ingest", "--output", "jsonpath={.spec.replicas}"));
}

/** Open push streams of each pod of ingest, as its metrics tell. */
async function streams(release: Release): Promise<number[]> {
  const addresses = (await release.pods("ingest")).flatMap(({ status }) => status.podIP ?? []);
  const open = addresses.map(async (address) => {
    const { stdout } = await release.lab.run(["curl", "--silent", "--max-time", "2", `http://${address}:4611/metrics`]);
    return Number(/^wayward_ingest_streams (\d+)$/m.exec(stdout)?.[1] ?? 0);
  });
  return Promise.all(open);
}

/** No pod has less than half of its share. */
function isEven(shares: readonly number[]): boolean {
  return shares.length === PODS && shares.every((share) => share >= PROGRAMS / PODS / 2);
}
