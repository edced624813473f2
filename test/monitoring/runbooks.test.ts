import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { tempFolder } from "@wayward/testing";
import { type Manifest, manifests } from "../../deploy/helm/testing/helm.ts";
import { keptPath } from "../../deploy/helm/testing/renders.ts";
import { Started } from "../../samples/cluster/process.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const rendered = (name: string) => manifests(readFileSync(keptPath(name), "utf8"));

const operate = readdirSync(join(root, "docs/operate"), { recursive: true, encoding: "utf8" });
const PAGES = operate
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/operate/${path}`)
  .concat("deploy/helm/wayward/UPGRADING.md");
const blocksOf = (page: string) => [...read(page).matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);

describe("what docs/operate and UPGRADING.md tell people to run", () => {
  /** All that the chart makes, whichever values are given. */
  const made = ["default", "closed", "everything", "all-in-one"].flatMap(rendered);
  const KINDS = new Map([
    ["deploy", "Deployment"],
    ["deployment", "Deployment"],
    ["svc", "Service"],
    ["scaledobject", "ScaledObject"],
  ]);

  function isMade(kind: string, name: string): boolean {
    return made.some((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  }

  test.each(PAGES.filter((page) => blocksOf(page).length > 0))("is written as bash reads it: %s", (page) => {
    for (const block of blocksOf(page)) {
      const { stderr } = spawnSync("bash", ["-n"], { input: block, encoding: "utf8" });
      expect(stderr).toBe("");
    }
  });

  test("is about objects that the chart makes, and about keys that are in its secrets", () => {
    const missing: string[] = [];
    let seen = 0;
    for (const page of PAGES) {
      const text = read(page).replaceAll("$RELEASE", "wayward");
      for (const [all, short = "", name = ""] of text.matchAll(/\b(\w+)\/(wayward(?:-[a-z]+)*)(?=[\s"`])/g)) {
        const kind = KINDS.get(short);
        if (kind === undefined) continue;
        seen++;
        if (!isMade(kind, name)) missing.push(`${page}: ${all}`);
      }
      for (const [all, name = "", index = ""] of text.matchAll(/\bpod\/(wayward-[a-z-]+)-(\d)\b/g)) {
        seen++;
        const sets = made.filter(({ kind, metadata }) => kind === "StatefulSet" && metadata.name === name);
        if (!sets.some(({ spec }) => spec.replicas > Number(index))) missing.push(`${page}: ${all}`);
      }
      const keys =
        /\bsecret (wayward-\w+) (?:'?([\w.][\w.\\-]*)'?[)` ]|(?:-o|--output) jsonpath='\{\.data\.([\w.\\-]+)\}')/g;
      for (const [all, name = "", short, long = ""] of text.matchAll(keys)) {
        seen++;
        const key = (short ?? long).replaceAll("\\.", ".");
        const secrets = made.filter(({ kind, metadata }) => kind === "Secret" && metadata.name === name);
        if (!secrets.some(({ data }) => data?.[key] !== undefined)) missing.push(`${page}: ${all}`);
      }
    }
    expect(missing).toEqual([]);
    expect(seen).toBeGreaterThan(20);
  });
});

/** Runs a script in a shell whose `kubectl` knows these objects; tells its output, and what kubectl was to change or to forward. */
async function run(objects: readonly Manifest[], script: string) {
  await using folder = await tempFolder("runbooks");
  const [MANIFESTS, CALLS] = [join(folder.path, "manifests.json"), join(folder.path, "calls")];
  writeFileSync(MANIFESTS, JSON.stringify(objects));
  writeFileSync(CALLS, "");
  const program = join(import.meta.dirname, "kubectl.ts");
  writeFileSync(join(folder.path, "kubectl"), `#!/bin/sh\nexec node ${program} "$@"\n`, { mode: 0o755 });
  const path = [folder.path, join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { PATH: path, MANIFESTS, CALLS, NODE_OPTIONS: "", WAYWARD_SPOOL: join(folder.path, "spool") };
  const shell = new Started("bash", ["-c", `cd ${folder.path}\n${script}`], env);
  await shell.ended;
  const calls = readFileSync(CALLS, "utf8").trim().split("\n");
  return { output: shell.output, calls };
}

/** Ports of this machine that lead to a port of pods or services, sorted. */
function leadTo(calls: readonly string[], port: number): number[] {
  const ports = calls.flatMap((call) => [...call.matchAll(/ (\d+):(\d+)/g)]);
  return ports.flatMap(([, from, to]) => (Number(to) === port ? [Number(from)] : [])).sort((a, b) => a - b);
}

/** Ports that a pod of this deployment or set has. */
function portsOf(objects: readonly Manifest[], name: string): number[] {
  const { spec } = objects.find(({ kind, metadata }) => metadata.name === name && /Deployment|Set/.test(kind))!;
  return spec.template.spec.containers[0].ports.map((port: { containerPort: number }) => port.containerPort);
}

describe("the commands at the top of the runbooks", () => {
  const [begin = "", doors = ""] = blocksOf("docs/operate/runbooks/README.md");

  test("forward every port that `doctor` then asks, of each archiver and each NATS server", async () => {
    const large = rendered("large");
    const places = `printf "place %s\n" "\${places[@]}"`;
    const { output, calls } = await run(large, `${begin}\nwait\n${places}\ndoctor --json`);
    const local = calls.flatMap((call) => [...call.matchAll(/ (\d+):/g)].map(([, port]) => port));
    expect(new Set(local).size).toBe(local.length);
    const findings = output.split("\n").filter((line) => line.startsWith("{"));
    const said: { hop: string; what: string }[] = findings.map((line) => JSON.parse(line));
    const asked = said.filter(({ hop }) => hop === "process").map(({ what }) => Number(/:(\d+)/.exec(what)?.[1]));
    expect(asked.sort((a, b) => a - b)).toEqual(leadTo(calls, 4611));
    const monitors = [...output.matchAll(/^place http:\/\/localhost:(\d+)$/gm)].map(([, port]) => Number(port));
    expect(monitors.sort((a, b) => a - b)).toEqual(leadTo(calls, 8222));
    expect(leadTo(calls, 4610)).toEqual([4610, 4620, 4630]);
    for (const [part, pods] of [["archive", 4] as const, ["nats", 5] as const]) {
      const name = new RegExp(`^port-forward pod/wayward-${part}-\\d `);
      expect(calls.filter((call) => name.test(call))).toHaveLength(pods);
    }
    for (const call of calls.filter((one) => !one.includes(" svc/"))) {
      const [, name = ""] = / (?:deploy|pod)\/([a-z-]+?)(?:-\d)? /.exec(call) ?? [];
      for (const [, to] of call.matchAll(/:(\d+)/g)) expect(portsOf(large, name)).toContain(Number(to));
    }
  }, 60_000);

  const told = 'echo "$WAYWARD_STORE $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $WAYWARD_KEY" $(basename "$WAYWARD_CA")';

  test("have the store that the archiver has, its login, a key and a CA", async () => {
    const { output, calls } = await run(rendered("closed"), `${begin}${doors}\nwait\n${told}\ncat ca.crt`);
    const made = "made at install";
    const store = "s3://wayward?endpoint=http%3A%2F%2Flocalhost%3A7070&region=us-east-1";
    expect(output).toBe(`${store} wayward ${made} ${made} ca.crt\n${made}`);
    expect(calls).toContain("port-forward svc/wayward-trial-store 7070:7070");
  }, 60_000);

  test("take a bucket as it is named", async () => {
    const login = { apiVersion: "v1", kind: "Secret", metadata: { name: "s3-login" } };
    const data = { "access-key-id": btoa("AKIA"), "secret-access-key": btoa("shh") };
    const objects = [...rendered("everything"), { ...login, data }];
    const { output, calls } = await run(objects, `unset WAYWARD_KEY WAYWARD_CA\n${begin}\nwait\n${told}`);
    expect(output).toMatch(/^s3:\/\/records\?endpoint=https%3A%2F%2Fs3\.example\.org%3A9000&region=\S+ AKIA shh\s+$/);
    expect(calls.filter((call) => call.includes("trial-store"))).toEqual([]);
  }, 60_000);

  test("are what the commands for more room on the bus stand on", async () => {
    const [, room = ""] = blocksOf("docs/operate/runbooks/WaywardBusFilling.md");
    const small = rendered("small");
    const nats = 'nats() { echo "nats $* by $NATS_USER, $NATS_PASSWORD at $NATS_URL"; }';
    const { output, calls } = await run(small, `${begin}\n${nats}\n${room}\nwait`);
    const [from] = leadTo(calls, 4222);
    expect(output).toMatch(/^nats stream edit wm-PARTITION --max-bytes=\d+GiB --force by wayward, made at install at /);
    expect(output.trimEnd().split(" ").at(-1)).toBe(`nats://localhost:${from}`);
    expect(portsOf(small, "wayward-nats")).toContain(4222);
  }, 60_000);
});

describe("the commands of a backup", () => {
  const [plain = "", scaled = ""] = blocksOf("docs/operate/backup.md");
  const aws = 'aws() { echo "copy" >>$CALLS; }';
  const ended = "wait pod -l app.kubernetes.io/component=archive --field-selector status.phase=Running --for=delete";

  test("copy when no archiver is left, and bring back as many as there were", async () => {
    const { calls } = await run(rendered("large"), `${aws}\n${plain}`);
    expect(calls).toEqual([
      "scale deploy/wayward-archive --replicas=0",
      expect.stringContaining(ended),
      "copy",
      "scale deploy/wayward-archive --replicas=4",
    ]);
  }, 30_000);

  test("hold KEDA still for as long as they copy", async () => {
    const { calls } = await run(rendered("everything"), `${aws}\nNS=wayward RELEASE=wayward\n${scaled}`);
    expect(calls).toEqual([
      "annotate --overwrite scaledobject/wayward-archive autoscaling.keda.sh/paused-replicas=0",
      expect.stringContaining(ended),
      "copy",
      "annotate scaledobject/wayward-archive autoscaling.keda.sh/paused-replicas-",
    ]);
  }, 30_000);
});
