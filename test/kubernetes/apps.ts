import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@wayward/testing";
import type { Lab, Said } from "./lab.ts";
import { type Given, type Mounted, mounted, restrictedPod, TMP } from "./pod.ts";

const root = join(import.meta.dirname, "..", "..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const IMAGE = `wayward/all-in-one:${version}`;

/** Where a release answers, as the environment of who asks. */
export type Env = Readonly<Record<string, string>>;

/** Records numbers as fast as it is told to, waits until all of them are accepted, and tells how many it has sent. */
const PROGRAM = `
  const { start } = require("/app/agent/agent.cjs");
  const [name, rate, seconds] = process.argv.slice(1);
  const agent = start({ name });
  const log = agent.channel("numbers");
  const begun = Date.now();
  const all = rate * seconds;
  let sent = 0;
  const timer = setInterval(() => {
    for (const due = Math.min(all, (rate * (Date.now() - begun)) / 1000); sent < due; sent++) log.info("number {}", sent);
    if (sent < all) return;
    clearInterval(timer);
    agent.delivered(120000).then(() => { console.log("sent " + sent); agent.stop(); });
  }, 20);`;

/** A line of `wayward stats --json`; the last one has the coverage. */
interface StatsLine {
  readonly kind?: string;
  readonly count?: string;
  readonly coverage?: { readonly complete: boolean };
}

/** How many of a program's records were sent, and how many are read. */
export interface Counted {
  readonly sent: number;
  readonly read: number;
  readonly isComplete: boolean;
}

/** A namespace of people who use the release: programs that record, and a pod that asks. */
export class Apps {
  readonly lab: Lab;
  /** Programs that are in the namespace. */
  readonly #provided: Set<string>;
  readonly #given: Given;
  readonly namespace: string;

  constructor(lab: Lab, namespace: string, given: Given = {}, provided = new Set<string>()) {
    this.lab = lab;
    this.namespace = namespace;
    this.#given = given;
    this.#provided = provided;
  }

  /** The same namespace, for pods that are given this. */
  with(given: Given): Apps {
    return new Apps(this.lab, this.namespace, given, this.#provided);
  }

  async makeNamespace(): Promise<void> {
    await this.lab.must(["kubectl", "create", "namespace", this.namespace]);
    const label = "pod-security.kubernetes.io/enforce=restricted";
    await this.lab.must(["kubectl", "label", "namespace", this.namespace, label]);
  }

  async forget(): Promise<void> {
    const args = ["kubectl", "delete", "namespace", this.namespace, "--ignore-not-found", "--grace-period=1"];
    await this.lab.must(args, 300_000);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.lab.must(["kubectl", "--namespace", this.namespace, ...args], 300_000);
  }

  /** Applies this manifest, after this change to its text; what another story has made by it goes first, as pods cannot change. */
  async applyFile(path: string, change: (text: string) => string): Promise<void> {
    const text = change(readFileSync(join(root, path), "utf8"));
    const kubectl = ["kubectl", "--namespace", this.namespace];
    await this.lab.must([...kubectl, "delete", "--ignore-not-found", "--grace-period=1", "-f", "-"], 60_000, text);
    await this.lab.must([...kubectl, "apply", "--filename", "-"], 60_000, text);
  }

  /** Starts a pod that asks in the name of this environment. */
  async startAsking(pod: string, env: Env): Promise<void> {
    await this.start(pod, ["node", "-e", "setInterval(() => {}, 1e6)"], env);
    await this.kubectl("wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=120s");
  }

  /** What a wayward command prints, asked from that pod. */
  wayward(pod: string, ...args: readonly string[]): Promise<string> {
    return this.kubectl("exec", pod, "--", "node", "/app/lib/main.js", ...args);
  }

  /** How that command ends there with this added to the pod's environment. */
  waywardAs(pod: string, env: Env, ...args: readonly string[]): Promise<Said> {
    const program = `
      Object.assign(process.env, JSON.parse(process.argv[1]));
      process.argv.splice(1, 1, "/app/lib/main.js");
      import("/app/lib/main.js");`;
    const command = ["exec", pod, "--", "node", "-e", program, JSON.stringify(env), ...args];
    return this.lab.run(["kubectl", "--namespace", this.namespace, ...command]);
  }

  /** To which of these, as `host:port`, that pod can open a connection. */
  async reached(pod: string, addresses: readonly string[]): Promise<string[]> {
    const program = `
      for (const address of process.argv.slice(1)) {
        const [host, port] = address.split(":");
        const socket = require("node:net").connect({ host, port, timeout: 3000 });
        socket.on("connect", () => { console.log(address); socket.destroy(); });
        socket.on("timeout", () => socket.destroy()).on("error", () => {});
      }`;
    const lines = await this.kubectl("exec", pod, "--", "node", "-e", program, ...addresses);
    return lines.split("\n").filter((line) => line !== "");
  }

  /** Starts a program that records `rate` numbers a second. */
  startNumbers(name: string, rate: number, seconds: number, env: Env): Promise<void> {
    return this.start(name, ["node", "-e", PROGRAM, name, String(rate), String(seconds)], env);
  }

  /** Waits for the end of that program, and counts what is read of it. */
  async count(name: string, asking: string): Promise<Counted> {
    const sent = Number(/^sent (\d+)$/m.exec(await this.ended(name))?.[1] ?? Number.NaN);
    const args = ["kubectl", "--namespace", this.namespace, "exec", asking, "--", "node", "/app/lib/main.js"];
    const said = await this.lab.run([...args, "stats", "--name", name, "--kind", "log.message", "--json"]);
    const rows = said.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line): StatsLine => JSON.parse(line));
    const read = rows.find(({ kind }) => kind === "log.message")?.count ?? 0;
    return { sent, read: Number(read), isComplete: rows.at(-1)?.coverage?.complete === true };
  }

  /** Brings a program into the namespace, once, as a file that pods mount. */
  async provide(name: string, file: string, text: () => Promise<string>): Promise<void> {
    if (this.#provided.has(name)) return;
    this.#provided.add(name);
    const map = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { [file]: await text() } };
    await this.lab.must(["kubectl", "--namespace", this.namespace, "create", "-f", "-"], 60_000, JSON.stringify(map));
  }

  /** Starts a program that was provided, with these arguments, the first of which is its file. */
  startProgram(name: string, program: string, args: readonly string[], env: Env): Promise<void> {
    const [file, ...rest] = args;
    return this.start(name, ["node", `/program/${file}`, ...rest], env, program);
  }

  /** Starts somebody else's server with these arguments; tells its address once it runs. */
  async startServer(name: string, image: string, args: readonly string[]): Promise<string> {
    await this.#create(name, { image, args }, [TMP]);
    return this.addressOf(name);
  }

  /** The address of a pod, once it runs. */
  async addressOf(pod: string): Promise<string> {
    await this.kubectl("wait", "--for=condition=Ready", `pod/${pod}`, "--timeout=120s");
    return this.kubectl("get", "pod", pod, "--output", "jsonpath={.status.podIP}");
  }

  /** What a pod has said at its end. Throws where it has failed. */
  async ended(pod: string): Promise<string> {
    await until(`the end of ${pod}`, async () => {
      const phase = await this.kubectl("get", "pod", pod, "--output", "jsonpath={.status.phase}");
      if (phase === "Failed") throw new Error(`${pod} failed: ${await this.kubectl("logs", pod)}`);
      return phase === "Succeeded";
    });
    return this.kubectl("logs", pod);
  }

  /** Waits until a pod's log has these words. */
  async says(pod: string, words: string): Promise<void> {
    const isSaid = async () => {
      const { stdout } = await this.lab.run(["kubectl", "--namespace", this.namespace, "logs", pod]);
      return stdout.includes(words);
    };
    await until(`${pod} to say "${words}"`, isSaid, { withinMs: 150_000 });
  }

  /** Makes a volume that outlives pods. */
  async makeClaim(name: string): Promise<void> {
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec };
    const create = ["kubectl", "--namespace", this.namespace, "create", "--filename", "-"];
    await this.lab.must(create, 60_000, JSON.stringify(claim));
  }

  /** Makes a secret, or changes it. */
  async putSecret(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
    const secret = JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData });
    const apply = ["apply", "--server-side", "--force-conflicts", "--filename", "-"];
    await this.lab.must(["kubectl", "--namespace", this.namespace, ...apply], 60_000, secret);
  }

  /** Has the kubelet look for changed secrets of a pod now, and not within the next minute or two. */
  async refresh(pod: string): Promise<void> {
    await this.kubectl("annotate", "pod", pod, "--overwrite", `looked=${Date.now()}`);
  }

  /** Starts a pod of the image that has everything. */
  start(name: string, command: readonly string[], env: Env, program?: string): Promise<void> {
    const provided = { name: "program", mountPath: "/program", source: { configMap: { name: program } } };
    const container = {
      image: IMAGE,
      command,
      env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
    };
    return this.#create(name, container, program === undefined ? [TMP] : [TMP, provided]);
  }

  async #create(name: string, container: object, mounts: readonly Mounted[]): Promise<void> {
    const pod = JSON.stringify(restrictedPod(name, container, [...mounts, ...mounted(this.#given)]));
    await this.lab.must(["kubectl", "--namespace", this.namespace, "create", "-f", "-"], 60_000, pod);
  }
}
