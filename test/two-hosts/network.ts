import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Started } from "../../samples/cluster/process.ts";

/** Set for the process that has a network of its own. */
const INSIDE = "WAYWARD_TEST_NETWORK";
/** What automake and others take for "skipped". */
export const SKIPPED = 77;

/**
 * Runs this script again in a network namespace of its own, so that nothing
 * of the machine's network is touched or left behind, and tells its exit
 * code; undefined in that process itself. `namespaces` are further ones, as
 * `unshare` names them.
 */
export async function inOwnNetwork(namespaces: readonly string[] = []): Promise<number | undefined> {
  if (process.env[INSIDE] !== undefined) {
    ip("link", "set", "lo", "up");
    // Its hosts reach each other through it.
    writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
    return undefined;
  }
  const tried = spawnSync("unshare", ["--net", "--uts", "--", "ip", "link", "set", "lo", "up"], { encoding: "utf8" });
  if (tried.status !== 0) {
    const why = tried.error?.message ?? tried.stderr.trim();
    process.stderr.write(
      `\n!!! SKIPPED: a network of its own needs root, \`ip\` of iproute2, \`unshare\` and \`nsenter\` of util-linux: ${why}\n`,
    );
    return SKIPPED;
  }
  const args = ["--net", ...namespaces, "--", process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // A group of its own: `unshare` keeps signals from a child that it forks.
  const child = spawn("unshare", args, { stdio: "inherit", detached: true, env: { ...process.env, [INSIDE]: "1" } });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.kill(-child.pid!, signal));
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}

/** A host of the test: a network and a name of its own, and a cable to this process's network. */
export class Host {
  readonly name: string;
  /** Where it reaches this process. */
  readonly gateway: string;
  /** Where others reach it. */
  readonly address: string;
  readonly #keeper: ChildProcess;

  private constructor(name: string, number: number, keeper: ChildProcess) {
    this.name = name;
    this.gateway = `10.77.${number}.1`;
    this.address = `10.77.${number}.2`;
    this.#keeper = keeper;
  }

  /** `number` is 1 to 254 and no other host's. The host goes with this process, however that ends. */
  static async start(name: string, number: number): Promise<Host> {
    // It ends with its stdin.
    const script = `echo ${name} > /proc/sys/kernel/hostname && ip link set lo up && echo up && exec cat`;
    const keeper = spawn("unshare", ["--net", "--uts", "--", "sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const host = new Host(name, number, keeper);
    await once(keeper.stdout!, "data");
    const outer = `host${number}`;
    ip("link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", String(keeper.pid));
    ip("address", "add", `${host.gateway}/24`, "dev", outer);
    ip("link", "set", outer, "up");
    host.#inside("ip", "address", "add", `${host.address}/24`, "dev", "eth0");
    host.#inside("ip", "link", "set", "eth0", "up");
    host.#inside("ip", "route", "add", "default", "via", host.gateway);
    return host;
  }

  /** Runs a script with this Node on the host. */
  run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Started {
    return new Started("nsenter", [...this.#entering(), process.execPath, script, ...args], env);
  }

  async stop(): Promise<void> {
    this.#keeper.stdin?.end();
    await once(this.#keeper, "close");
  }

  #inside(...command: readonly string[]): void {
    must("nsenter", [...this.#entering(), ...command]);
  }

  #entering(): string[] {
    return ["--net", "--uts", "--target", String(this.#keeper.pid), "--"];
  }
}

function ip(...args: readonly string[]): void {
  must("ip", args);
}

function must(program: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr.trim()}`);
}
