import type { Apps, Env } from "./apps.ts";
import { helmTest } from "./distributed.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Rows } from "./rows.ts";

const NAMESPACE = "wayward-all-in-one";
const ENV: Env = { WAYWARD_SERVER: `wayward.${NAMESPACE}:4610` };
const ASKING = "asks-all-in-one";
const MODE = "mode=allInOne";

/** One pod on one volume: killed, uninstalled and installed again, it has what it had. */
export async function allInOne(lab: Lab, apps: Apps, rows: Rows): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  await release.forget();
  await release.makeNamespace();

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
}
