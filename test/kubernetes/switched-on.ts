import { until } from "@wayward/testing";
import type { Apps } from "./apps.ts";
import { helmTest } from "./distributed.ts";
import { ACCESS, Doors } from "./doors.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";
import { collectLeft, endTalker, startTalker } from "./talker.ts";

const NAMESPACE = "wayward-switched-on";
const SECRET = "wayward-switched-on";
const ASKING = "asks-switched-on";
const EARLY = "early";
const RECORDS = 2_000;

/** An installation that ran without keys gets them, and then TLS. */
export async function switchedOn(lab: Lab, apps: Apps, rows: Rows): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  const doors = new Doors(release, apps);
  await release.forget();
  await release.makeNamespace();

  await rows.row("all-in-one: keys are switched on", () => keysOn(release, doors, apps));
  await rows.row("all-in-one: installed again with keys and TLS", async () => {
    const before = await doors.secret("wayward-keys");
    await release.helm("uninstall", "--wait");
    await release.apply("mode=allInOne", "keys.enabled=true", "tls.enabled=true");
    const { keys } = await doors.secret("wayward-keys");
    await doors.give(SECRET, before.admin);
    const env = { ...ACCESS, ...(await doors.addresses()) };
    await apps.kubectl("delete", "pod", ASKING, "--grace-period=1");
    await apps.with({ secret: SECRET }).startAsking(ASKING, env);
    await apps.with({ secret: SECRET }).startNumbers("late", RECORDS, 1, env);
    const [early, late] = [await apps.count(EARLY, ASKING), await apps.count("late", ASKING)];
    return {
      facts: `the keys of before; ${early.read} records of before, ${late.read} new ones`,
      wrong: [
        keys !== before.keys && "other keys",
        ...[early, late].map(({ sent, read }) => sent !== read && `sent ${sent}, read ${read}`),
      ],
    };
  });
  await rows.row("all-in-one: helm test with keys and TLS", () => helmTest(release));
  await release.forget();
}

/** An agent that has no key keeps what it records; a collector with a key brings it. */
async function keysOn(release: Release, doors: Doors, apps: Apps): Promise<Found> {
  await release.apply("mode=allInOne");
  const env = await doors.addresses();
  await apps.makeClaim("spool-early");
  const agents = apps.with({ claim: "spool-early", secret: SECRET });
  await startTalker(agents, EARLY, { ...env, WAYWARD_SPOOL: "/spool" });
  const withKey = { ...env, WAYWARD_KEY_FILE: ACCESS.WAYWARD_KEY_FILE! };
  await release.apply("mode=allInOne", "keys.enabled=true");
  const ready = performance.now();
  await apps.says(EARLY, "no key was given");
  const seconds = Math.round((performance.now() - ready) / 1000);
  await apps.putSecret(SECRET, { key: (await doors.secret("wayward-keys")).admin! });
  await agents.startAsking(ASKING, withKey);
  const stats = ["stats", "--name", EARLY, "--kind", "log.message", "--json"];
  let before = 0;
  await until("records of before the keys", async () => {
    before = Number(/"count":"?(\d+)/.exec(await apps.wayward(ASKING, ...stats))?.[1] ?? 0);
    return before > 0;
  });
  await endTalker(apps, EARLY);
  await collectLeft(agents, "collects-early", withKey);
  const { sent, read } = await apps.count(EARLY, ASKING);
  return {
    facts: `refused after ${seconds} s; sent ${sent}, ${before} of them before, read ${read}`,
    wrong: [sent !== read && "lost or doubled", before >= sent && "nothing was kept"],
  };
}
