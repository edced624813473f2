import { until } from "@wayward/testing";
import type { Env } from "./apps.ts";
import type { Release } from "./release.ts";

/** The pod, and the session that it records. */
export const STRANGER = "stranger";

/**
 * Runs a program in the namespace of a release, as a user that nothing else
 * here has, to its end. It reaches no service: its spool is in the node's
 * folder, from where the collector brings what it records.
 */
export async function runStranger(release: Release, folder: string, program: string, env: Env): Promise<void> {
  const spool = "/var/spool/wayward";
  const variables = Object.entries({ ...env, WAYWARD_SPOOL: spool }).map(([name, value]) => ({ name, value }));
  const container = {
    name: "main",
    image: "wayward/all-in-one:0.1.0",
    command: ["node", "-e", program],
    env: variables,
    volumeMounts: [{ name: "spool", mountPath: spool }],
  };
  const spec = {
    restartPolicy: "Never",
    securityContext: { runAsUser: 1_000, runAsGroup: 1_000 },
    containers: [container],
    volumes: [{ name: "spool", hostPath: { path: folder } }],
  };
  const pod = JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: STRANGER }, spec });
  const create = ["kubectl", "--namespace", release.namespace, "create", "-f", "-"];
  await release.lab.must(create, 60_000, pod);
  await until("the end of the program", async () => {
    const phase = await release.kubectl("get", "pod", STRANGER, "--output", "jsonpath={.status.phase}");
    if (phase === "Failed") throw new Error(await release.kubectl("logs", STRANGER));
    return phase === "Succeeded";
  });
}
