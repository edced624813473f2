import { until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import { clientCertificates } from "./client-certificates.ts";
import { helmTest } from "./distributed.ts";
import { ACCESS, Doors } from "./doors.ts";
import type { Lab } from "./lab.ts";
import { type Amount, heldAgainst, Load } from "./load.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";
import { switchedOn } from "./switched-on.ts";
import { collectLeft, endTalker, startTalker } from "./talker.ts";

const NAMESPACE = "wayward-access";
const VALUES = ["keys.enabled=true", "tls.enabled=true", "nats.replicas=1", "settings.busBytes=64MiB"];
/** What pods mount: the agents' key, a reader's, one that no service knows, none, and one that is replaced. */
const [AGENT, READER, STRANGER, NOBODY, RENEWED] = ["access", "reader", "stranger", "nobody", "renewed"].map(
  (name) => `wayward-${name}`,
) as [string, string, string, string, string];
const ASKING = "asks-with-key";
const RECORDS = 2_000;

/** Keys and TLS that the chart makes: who is let in and who is not, upgrades, a key that is replaced under load. */
export async function access(lab: Lab, apps: Apps, rows: Rows, amount: Amount): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  const doors = new Doors(release, apps);
  await release.forget();
  await release.makeNamespace();
  let env: Env = ACCESS;

  await rows.row("access: install with keys and TLS", async () => {
    await release.apply(...VALUES);
    env = { ...ACCESS, ...(await doors.addresses()) };
    return { facts: `${(await release.pods()).length} pods ready, ${await release.restarts()} restarts` };
  });
  await rows.row("access: helm test", () => helmTest(release));
  await rows.row("access: one key records, another reads", async () => {
    await apps.with({ secret: READER }).startAsking(ASKING, env);
    await doors.give(AGENT, (await doors.secret("wayward-keys")).agent);
    const reader = await doors.makeKey(ASKING, "read");
    await doors.allow(reader);
    await doors.give(READER, reader.text);
    await apps.refresh(ASKING);
    await apps.with({ secret: AGENT }).startNumbers("with-key", RECORDS, 1, env);
    const { sent, read } = await apps.count("with-key", ASKING);
    return { facts: `sent ${sent}, read ${read}`, wrong: [(sent !== read || read === 0) && "lost or doubled"] };
  });
  await rows.row("access: who is refused, and what it is told", () => refusals(doors, apps, env));
  await rows.row("access: refused agents keep their records", () => keptInSpool(doors, apps, env));
  await rows.row("access: a sidecar with a key", async () => {
    await apps.applyFile("deploy/helm/wayward/examples/sidecar.yaml", withAccess);
    await apps.ended("recorded");
    const lines = await apps.wayward(ASKING, "read", "--name", "recorded", "--kind", "log.message");
    await apps.kubectl("delete", "pod", "recorded", "--wait=false");
    return { facts: "its lines taken in", wrong: [!lines.includes("hello from a pod") && `not read: ${lines}`] };
  });
  await rows.row("access: metrics for whom they are", async () => {
    const { pods, withoutKey, refused } = await doors.scraped(...VALUES);
    return {
      facts: `${pods} pods, as the ServiceMonitor says; counted ${refused.join(", ")}`,
      wrong: [pods !== 4 && "there are 4", withoutKey > 0 && `${withoutKey} pods told them without a key`],
    };
  });
  await rows.row("access: upgraded twice, the same keys", () => upgradedTwice(release, doors));
  await rows.row("access: a key is replaced under load", () => replaced(doors, apps, env, amount));
  // NATS takes its time to end.
  const ending = release.forget();
  await switchedOn(lab, apps, rows).finally(() => ending);
  await clientCertificates(lab, apps, rows);
}

/** What `wayward` says to who comes in another way than it should. */
async function refusals(doors: Doors, apps: Apps, env: Env): Promise<Found> {
  const { agent } = await doors.secret("wayward-keys");
  const { text: stranger } = await doors.makeKey(ASKING, "ingest", "read", "delete", "admin");
  const plain = { WAYWARD_CA: "", WAYWARD_QUERY: env.WAYWARD_QUERY!.replace("https", "http") };
  const cases: readonly (readonly [reason: string, Env, ...string[]])[] = [
    ["NO_KEY", { WAYWARD_KEY_FILE: "" }, "sessions"],
    ["BAD_KEY", { WAYWARD_KEY: stranger }, "sessions"],
    ["NOT_ALLOWED", { WAYWARD_KEY: agent! }, "sessions"],
    ["NOT_ALLOWED", { WAYWARD_KEY: agent! }, "tail"],
    // The reader's own key.
    ["NOT_ALLOWED", {}, "levels", "off", "--channel", "db"],
    ["NOT_PLAIN", plain, "sessions"],
    ["UNTRUSTED", { WAYWARD_CA: "" }, "sessions"],
  ];
  const wrong: string[] = [];
  for (const [reason, other, ...command] of cases) {
    const said = await apps.waywardAs(ASKING, other, ...command);
    if (said.ok || !said.stderr.includes(`[${reason}]`)) wrong.push(`${command[0]}: not ${reason}: ${said.stderr}`);
  }
  return { facts: [...new Set(cases.map(([reason]) => reason))].join(", "), wrong };
}

/** Agents without a key, with a wrong one, and in plain text: nothing of what they record is lost. */
async function keptInSpool(doors: Doors, apps: Apps, env: Env): Promise<Found> {
  await apps.makeClaim("spool");
  const { text: stranger } = await doors.makeKey(ASKING, "ingest");
  await doors.give(STRANGER, stranger);
  await doors.give(NOBODY, undefined);
  const spooled = { ...env, WAYWARD_SPOOL: "/spool" };
  const plain = { ...spooled, WAYWARD_CA: "", WAYWARD_INGEST: env.WAYWARD_INGEST!.replace("https", "http") };
  const refused = [
    { name: "no-key", secret: NOBODY, env: { ...spooled, WAYWARD_KEY_FILE: "" }, told: "no key was given" },
    { name: "plain", secret: AGENT, env: plain, told: "does not answer in plain text" },
  ];
  for (const { name, secret, env } of refused) await startTalker(apps.with({ secret, claim: "spool" }), name, env);
  await apps.with({ secret: STRANGER }).startNumbers("wrong-key", RECORDS, 1, env);
  for (const { name, told } of refused) {
    await apps.says(name, told);
    await endTalker(apps, name);
  }
  await apps.says("wrong-key", "the key is not known here");
  // A key is let in: the one agent reads it from its secret, what the others have left a collector brings.
  await doors.give(STRANGER, (await doors.secret("wayward-keys")).agent);
  await apps.refresh("wrong-key");
  await collectLeft(apps.with({ secret: AGENT, claim: "spool" }), "collects", env);
  const wrong: (string | false)[] = [];
  let sum = 0;
  for (const name of ["no-key", "plain", "wrong-key"]) {
    const { sent, read } = await apps.count(name, ASKING);
    wrong.push((sent !== read || read === 0) && `${name}: sent ${sent}, read ${read}`);
    sum += read;
  }
  return { facts: `${sum} records of 3 agents, read once a key was let in`, wrong };
}

/** Nothing that was made is made anew, and no pod is replaced. */
async function upgradedTwice(release: Release, doors: Doors): Promise<Found> {
  const state = async () => ({
    secrets: [await doors.secret("wayward-keys"), await doors.secret("wayward-tls")],
    pods: (await release.pods()).map(({ metadata }) => metadata.uid).sort(),
  });
  const before = await state();
  await release.apply(...VALUES);
  await release.apply(...VALUES);
  const after = await state();
  const differ = (what: "secrets" | "pods") => JSON.stringify(before[what]) !== JSON.stringify(after[what]);
  return {
    facts: `${before.pods.length} pods stayed`,
    wrong: [differ("secrets") && "other keys or certificates", differ("pods") && "pods were replaced"],
  };
}

/** A new key is let in, the callers' secret gets it, the old one is taken out; all the while they record, watch and ask. */
async function replaced(doors: Doors, apps: Apps, env: Env, amount: Amount): Promise<Found> {
  const [old, other] = [await doors.makeKey(ASKING, "ingest", "read"), await doors.makeKey(ASKING, "ingest", "read")];
  await doors.allow(old);
  await doors.give(RENEWED, old.text);
  const load = await Load.start(apps.with({ secret: RENEWED }), "replaced", amount, env);
  await doors.allow(other);
  await doors.give(RENEWED, other.text);
  await apps.refresh("replaced");
  const print = `process.stdout.write(fs.readFileSync("${ACCESS.WAYWARD_KEY_FILE}", "utf8"))`;
  const isThere = async () => (await apps.kubectl("exec", "replaced", "--", "node", "-e", print)) === other.text;
  await until("the callers to have the other key", isThere, { withinMs: 150_000 });
  await doors.forbid(old);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { facts, wrong } = heldAgainst(await load.end());
  return { facts, wrong };
}

/** The example with its lines for a key, and the address of this release. */
function withAccess(text: string): string {
  return text
    .replace("wayward-ingest.wayward:4610", `https://wayward-ingest.${NAMESPACE}:4610`)
    .replace(/^( *)# (env:| {2}- \{ name: WAYWARD_|- \{ name: access,)/gm, "$1$2");
}
