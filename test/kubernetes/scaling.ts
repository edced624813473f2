import { until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import { type Amount, heldAgainst, Load } from "./load.ts";
import type { Release } from "./release.ts";
import type { Found } from "./rows.ts";

/**
 * The services that follow their load, with the pods that each may have, and the share of its CPU request that is aimed at.
 * Idle they take 7, 5 and 17 %, at 100,000 records a second, four questions and a watch from 35, 45 and 150 % up.
 */
const SCALED = {
  ingest: { max: 3, cpuPercent: 20 },
  query: { max: 2, cpuPercent: 20 },
  stream: { max: 2, cpuPercent: 60 },
} as const;
type Part = keyof typeof SCALED;
const PARTS = Object.keys(SCALED) as Part[];
const VALUES = PARTS.flatMap((part) => [
  `${part}.autoscaling.enabled=true`,
  `${part}.autoscaling.min=1`,
  `${part}.autoscaling.max=${SCALED[part].max}`,
  `${part}.autoscaling.cpuPercent=${SCALED[part].cpuPercent}`,
]);
/** From the issue that asked for it. */
const REBALANCED_WITHIN_S = 60;
/** Connections: so many that chance alone gives each of three pods more than half of its share. */
const PROGRAMS = 60;
/** The chart waits for minutes before it takes a pod away. */
const SOON = { stabilizationWindowSeconds: 5, policies: [{ type: "Pods", value: 2, periodSeconds: 5 }] };

/** Services are scaled up by their load, and down again once it is over; the agents of ingest spread over its new pods. */
export async function scaling(release: Release, apps: Apps, env: Env, { rate }: Amount): Promise<Found> {
  await release.apply(...VALUES);
  const load = await Load.start(apps, "scaling", { rate, programs: PROGRAMS }, env);
  const areMore = async (part: Part) => (await wanted(release, part)) >= SCALED[part].max;
  await until("more pods of ingest", () => areMore("ingest"), { everyMs: 250 });
  const scaled = performance.now();
  let shares: number[] = [];
  const areSpread = async () => {
    shares = await streams(release);
    return isEven(shares);
  };
  await until("agents on all pods", areSpread, { withinMs: 120_000, everyMs: 250 });
  const seconds = (performance.now() - scaled) / 1000;
  for (const part of PARTS) await until(`more pods of ${part}`, () => areMore(part));
  const told = await load.end();
  for (const part of PARTS) {
    const soon = JSON.stringify({ spec: { behavior: { scaleDown: SOON } } });
    // By the name of helm: else it could not change it any more.
    await release.kubectl("patch", "hpa", "--field-manager=helm", `wayward-${part}`, "--patch", soon);
  }
  for (const part of PARTS) {
    await until(`one pod of ${part}`, async () => (await release.pods(part)).length === 1, { withinMs: 180_000 });
  }
  const { facts, wrong } = heldAgainst(told);
  const steps = PARTS.map((part) => `${part} 1 → ${SCALED[part].max} → 1`);
  return {
    facts: `${steps.join(", ")}; ${shares.join(", ")} agents after ${seconds.toFixed(0)} s; ${facts}`,
    wrong: [...wrong, seconds > REBALANCED_WITHIN_S && `rebalanced after more than ${REBALANCED_WITHIN_S} s`],
  };
}

/** How many pods the Deployment asks for. */
async function wanted(release: Release, part: Part): Promise<number> {
  return Number(await release.kubectl("get", "deployment", `wayward-${part}`, "--output", "jsonpath={.spec.replicas}"));
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
  return shares.length === SCALED.ingest.max && shares.every((share) => share >= PROGRAMS / SCALED.ingest.max / 2);
}
