import { until } from "@wayward/testing";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Rows } from "./rows.ts";
import { runStranger, STRANGER } from "./stranger.ts";

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
    const env = { NODE_OPTIONS: "--import /app/agent/instrument.cjs", WAYWARD_NAME: STRANGER };
    await runStranger(release, FOLDER, "console.log('hello from another user')", env);
    const ask = ["exec", "wayward-0", "--", "node", "/app/lib/main.js"];
    let read = "";
    await until("the end of its session", async () => {
      read = await release.kubectl(...ask, "sessions", "--name", STRANGER).catch(String);
      return read.includes("ENDED");
    });
    return { facts: `uid 1000; ${/ENDED[^\n]*/.exec(read)?.[0]?.slice(0, 40) ?? ""}` };
  });
  await release.forget();
}
