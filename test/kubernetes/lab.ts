import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { delay } from "@wayward/base";

/** How often a node is started before it is given up. */
const UP_TRIES = 3;
/** Within which a node that lives has told so. */
const SIGN_OF_LIFE_S = 30;

const root = join(import.meta.dirname, "..", "..");

/** How a command ended. */
export interface Said {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A Kubernetes of one node that a script starts and stops: `lab up`, `lab
 * down`, `lab import FILE`, `lab kubectl …`, `lab helm …`.
 */
export class Lab {
  readonly #program: string;

  constructor(program: string) {
    this.#program = program;
  }

  /** The lab that WAYWARD_KUBERNETES_LAB names, or the one beside the repository; else why there is none, or none that `isBuilt`. */
  static find(isBuilt: boolean): Lab | string {
    const program = process.env.WAYWARD_KUBERNETES_LAB ?? join(root, "..", "shared", "kubernetes", "lab");
    if (process.platform !== "linux") return "the lab is for Linux";
    if (!existsSync(program)) return `no lab at ${program}: name it by WAYWARD_KUBERNETES_LAB`;
    if (process.getuid?.() !== 0) return "the lab needs root";
    const built = join(programsFolder(), "kube");
    if (isBuilt && !existsSync(built)) return `the lab is not built, ${built} is missing: lab up builds it`;
    return new Lab(program);
  }

  /** Whether it can measure what pods take, without building a program first. */
  get hasMetrics(): boolean {
    return existsSync(join(programsFolder(), "metrics-server"));
  }

  /**
   * Starts it; the first time it is built, which takes minutes. Tells whether
   * it ran before. A kubelet that finds containerd not ready yet ends, and the
   * API says what it has known of the node: then it is started once more.
   */
  async up(...options: readonly string[]): Promise<boolean> {
    const ran = (await this.run(["kubectl", "get", "--raw", "/readyz"])).ok;
    for (let tries = 1; tries <= UP_TRIES; tries++) {
      const begun = Date.now();
      await this.must(["up", ...options], 3_600_000);
      if (await this.#nodeLives(begun)) return ran;
    }
    throw new Error(`lab up: its node gave no sign of life in ${UP_TRIES} tries; its logs/kubelet.log says why`);
  }

  /** True once the node has told the API since then that it lives, as it does every 10 s. */
  async #nodeLives(since: number): Promise<boolean> {
    const told = "jsonpath={.items[*].spec.renewTime}";
    for (let seconds = 0; seconds < SIGN_OF_LIFE_S; seconds++) {
      const { stdout } = await this.run(["kubectl", "-n", "kube-node-lease", "get", "lease", "-o", told]);
      if (Date.parse(stdout) > since) return true;
      await delay(1_000);
    }
    return false;
  }

  run(args: readonly string[], timeoutMs = 120_000, input?: string): Promise<Said> {
    return new Promise((resolve) => {
      const options = { timeout: timeoutMs, maxBuffer: 1 << 28, cwd: root };
      const child = execFile(this.#program, args, options, (error, stdout, stderr) => {
        const late = error?.killed === true ? `stopped after ${timeoutMs / 1000} s\n` : "";
        resolve({ ok: error === null, stdout, stderr: `${late}${stderr}` });
      });
      child.stdin?.end(input);
    });
  }

  /** What the command prints. Throws its words where it fails. */
  async must(args: readonly string[], timeoutMs?: number, input?: string): Promise<string> {
    const { ok, stdout, stderr } = await this.run(args, timeoutMs, input);
    if (ok) return stdout;
    throw new Error(`lab ${args.join(" ").slice(0, 300)}: ${`${stderr}${stdout}`.trim().slice(-2_000)}`);
  }
}

/** Where the lab keeps its programs, as it finds the folder itself. */
function programsFolder(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(process.env.KUBE_LAB ?? join(cache, "kubernetes-lab"), "bin");
}
