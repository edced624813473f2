import { until } from "@wayward/testing";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Rows } from "./rows.ts";

const NAMESPACE = "wayward-node-collector";
const FOLDER = "/var/spool/wayward-e2e";

/** The collector as a DaemonSet: in a namespace that allows it, for a program of any user that mounts the node's folder. */
export async function nodeCollector(lab: Lab, rows: Rows): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  await release.forget();
  await release.makeNamespace("privileged");

  await rows.row("collector on each node: install", async () => {
    await release.apply("mode=allInOne", "collector.daemonSet.enabled=true", `collector.daemonSet.hostPath=${FOLDER}`);
    return { facts: `${(await release.pods("collector")).length} pod` };
  });
  await rows.row("collector on each node: helm test", () => helmTest(release));
  await rows.row("collector on each node: a program of another user", async () => {
    await lab.must(["kubectl", "--namespace", NAMESPACE, "create", "-f", "-"], 60_000, JSON.stringify(program()));
    await until("the end of the program", async () => {
      return (await release.kubectl("get", "pod", "stranger", "-o", "jsonpath={.status.phase}")) === "Succeeded";
    });
    const ask = ["exec", "wayward-0", "--", "node", "/app/lib/main.js"];
    let read = "";
    await until("the end of its session", async () => {
      read = await release.kubectl(...ask, "sessions", "--name", "stranger").catch(String);
      return read.includes("ENDED");
    });
    return { facts: `uid 1000; ${/ENDED[^\n]*/.exec(read)?.[0]?.slice(0, 40) ?? ""}` };
  });
  await release.forget();
}

function program(): object {
  const run = "console.log('hello from another user')";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger" },
    spec: {
      restartPolicy: "Never",
      securityContext: { runAsUser: 1_000, runAsGroup: 1_000 },
      containers: [
        {
          name: "main",
          image: "wayward/all-in-one:0.1.0",
          command: ["node", "-e", run],
          env: [
            { name: "NODE_OPTIONS", value: "--import /app/agent/instrument.cjs" },
            { name: "WAYWARD_SPOOL", value: "/var/spool/wayward" },
            { name: "WAYWARD_NAME", value: "stranger" },
          ],
          volumeMounts: [{ name: "spool", mountPath: "/var/spool/wayward" }],
        },
      ],
      volumes: [{ name: "spool", hostPath: { path: FOLDER } }],
    },
  };
}
