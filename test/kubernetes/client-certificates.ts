import { readFileSync } from "node:fs";
import { Authority, tempFolder, until } from "@wayward/testing";
import type { Apps, Env } from "./apps.ts";
import { helmTest } from "./distributed.ts";
import { ACCESS, Doors } from "./doors.ts";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Found, Rows } from "./rows.ts";
import { runStranger, STRANGER } from "./stranger.ts";

const NAMESPACE = "wayward-client-certificates";
const FOLDER = "/var/spool/wayward-e2e-certificates";
/** Certificates that the installation's callers show, and those of somebody who asks. */
const [CALLERS, SECRET, ASKING] = ["wayward-callers", "wayward-certified", "asks-certified"] as const;
const VALUES = [
  ...["keys.enabled=true", "tls.enabled=true", `tls.clientSecret=${CALLERS}`],
  ...["nats.replicas=1", "settings.busBytes=64MiB"],
  ...["collector.daemonSet.enabled=true", `collector.daemonSet.hostPath=${FOLDER}`],
];
const folderOf = (file: string) => ACCESS.WAYWARD_CA!.replace("ca.crt", file);
const CERTIFIED: Env = {
  ...ACCESS,
  WAYWARD_CERT: folderOf("tls.crt"),
  WAYWARD_CERT_KEY: folderOf("tls.key"),
};

/** Takes two locks in both orders: a finding of the stream service, which brings it to ingest. */
const INVERSION = `
  const agent = require("/app/agent/agent.cjs").start({ name: "${STRANGER}" });
  const [a, b] = [agent.mutex("inverted-a"), agent.mutex("inverted-b")];
  (async () => {
    await a.run(() => b.run(async () => {}));
    await b.run(() => a.run(async () => {}));
    await agent.stop();
  })();`;

/** Keys, TLS, and certificates of callers: all who call each other in the release have them, the collector on the node too. */
export async function clientCertificates(lab: Lab, apps: Apps, rows: Rows): Promise<void> {
  const release = new Release(lab, NAMESPACE);
  const doors = new Doors(release, apps);
  await release.forget();
  await release.makeNamespace("privileged");
  await using folder = await tempFolder("client-certificates");
  const issue = (authority: string) => {
    const made = new Authority(folder.path, authority);
    const { certFile, keyFile } = made.issue(`caller-of-${authority}`);
    const [ca, cert, key] = [made.caFile, certFile, keyFile].map((file) => readFileSync(file, "utf8"));
    return { ca: ca!, cert: cert!, key: key! };
  };
  const [ours, others] = [issue("ours"), issue("others")];

  await rows.row("client certificates: install", async () => {
    const files = { "ca.crt": ours.ca, "tls.crt": ours.cert, "tls.key": ours.key };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: CALLERS }, stringData: files };
    await lab.must(["kubectl", "--namespace", NAMESPACE, "create", "-f", "-"], 60_000, JSON.stringify(secret));
    await release.apply(...VALUES);
    return { facts: `${(await release.pods()).length} pods ready, ${await release.restarts()} restarts` };
  });
  await rows.row("client certificates: helm test", () => helmTest(release));
  await rows.row("client certificates: the collector on the node", async () => {
    const env = { ...CERTIFIED, ...(await doors.addresses()) };
    const { "ca.crt": ca = "" } = await doors.secret("wayward-tls");
    const { admin = "" } = await doors.secret("wayward-keys");
    const certified = { key: admin, "ca.crt": ca, "tls.crt": ours.cert, "tls.key": ours.key };
    await apps.putSecret(SECRET, { ...certified, "other.crt": others.cert, "other.key": others.key });
    await apps.with({ secret: SECRET }).startAsking(ASKING, env);
    await runStranger(release, FOLDER, INVERSION, { WAYWARD_PUSHER: "run" });
    return brought(apps);
  });
  await rows.row("client certificates: who is refused", () => refusals(apps));
  await release.forget();
}

/** The session and the finding in it are there. */
async function brought(apps: Apps): Promise<Found> {
  let [sessions, findings] = ["", ""];
  await until("the session's end and its finding", async () => {
    sessions = await apps.wayward(ASKING, "sessions", "--name", STRANGER);
    findings = await apps.wayward(ASKING, "findings", "--name", STRANGER);
    return sessions.includes("ENDED") && findings.includes("inverted-a");
  });
  return { facts: `${/ENDED[^\n]*/.exec(sessions)?.[0].slice(0, 40)}; its finding is told live` };
}

/** A key without the certificate, with another one's, and a certificate without a key. */
async function refusals(apps: Apps): Promise<Found> {
  const other = { WAYWARD_CERT: folderOf("other.crt"), WAYWARD_CERT_KEY: folderOf("other.key") };
  const cases: readonly (readonly [reason: string, Env])[] = [
    ["CERTIFICATE_NEEDED", { WAYWARD_CERT: "", WAYWARD_CERT_KEY: "" }],
    ["CERTIFICATE_REFUSED", other],
    ["NO_KEY", { WAYWARD_KEY_FILE: "" }],
  ];
  const wrong: string[] = [];
  for (const [reason, env] of cases) {
    const said = await apps.waywardAs(ASKING, env, "sessions");
    if (said.ok || !said.stderr.includes(`[${reason}]`)) wrong.push(`not ${reason}: ${said.stderr}`);
  }
  return { facts: cases.map(([reason]) => reason).join(", "), wrong };
}
