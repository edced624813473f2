import { freePort } from "@wayward/testing";
import { said, trySaid } from "./run.ts";

/** How Compose is called here: as a part of `docker`, or as a program of its own. Undefined without one. */
export async function composeCommand(): Promise<readonly string[] | undefined> {
  for (const command of [["docker", "compose"], ["docker-compose"]] as const) {
    const [program, ...args] = command;
    if ((await trySaid(program, [...args, "version", "--short"])) !== undefined) return command;
  }
  return undefined;
}

/** Ports by the variables of docker-compose.yml. */
const PORTS = ["PORT", "HTTP_PORT", "INGEST_PORT", "QUERY_PORT", "STREAM_PORT", "PROMETHEUS_PORT"] as const;
type PortName = (typeof PORTS)[number];

/** What a container of the project runs with, as the engine tells. */
export interface Inspected {
  readonly Name: string;
  readonly Config: { readonly User: string };
  readonly State: {
    /** 0 while it does not run. */
    readonly Pid: number;
    readonly Status: string;
    readonly Health?: { readonly Status: string };
  };
  readonly RestartCount: number;
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly Memory: number;
    readonly RestartPolicy: { readonly Name: string };
    readonly SecurityOpt: readonly string[] | null;
  };
}

const OPEN = ["docker-compose.yml"];
/** With keys and TLS; WAYWARD_DOORS names the folder. */
export const CLOSED = [...OPEN, "deploy/compose/closed.yml"];

/** The repository's docker-compose.yml as a project of its own name, on free ports. */
export class Project {
  readonly #command: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #ports: ReadonlyMap<PortName, number>;

  private constructor(command: readonly string[], env: NodeJS.ProcessEnv, ports: ReadonlyMap<PortName, number>) {
    this.#command = command;
    this.#env = env;
    this.#ports = ports;
  }

  static async create(command: readonly string[], env: NodeJS.ProcessEnv, files = OPEN): Promise<Project> {
    const ports = new Map<PortName, number>();
    for (const name of PORTS) ports.set(name, await freePort());
    const variables = Object.fromEntries([...ports].map(([name, port]) => [`WAYWARD_${name}`, String(port)]));
    const project = { COMPOSE_PROJECT_NAME: `wayward-e2e-${process.pid}` };
    const filed = [...command, ...files.flatMap((file) => ["--file", file])];
    return new Project(filed, { ...env, ...variables, ...project }, ports);
  }

  /** `host:port` of a published port. */
  address(name: PortName): string {
    return `127.0.0.1:${this.#ports.get(name)}`;
  }

  async up(...args: readonly string[]): Promise<void> {
    await this.#run(["--profile", "cluster", "--profile", "demo", "up", "--detach", ...args]);
  }

  /** Runs `wayward` in a container of its own, as the service is set but for these variables; tells what it writes. */
  async wayward(env: Readonly<Record<string, string>>, ...command: readonly string[]): Promise<string> {
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    return this.#run(["run", "--rm", "-T", ...variables, "wayward", ...command]);
  }

  /** Stops and removes the containers, and with `volumes` what they have kept. */
  async down(volumes = false): Promise<void> {
    const args = ["--profile", "cluster", "--profile", "demo", "down", ...(volumes ? ["--volumes"] : [])];
    await this.#run(args);
  }

  /** All containers of the project. */
  async containers(): Promise<readonly Inspected[]> {
    const filter = `label=com.docker.compose.project=${this.#env.COMPOSE_PROJECT_NAME}`;
    const ids = await said("docker", ["ps", "--all", "--quiet", "--filter", filter], { env: this.#env });
    if (ids === "") return [];
    return JSON.parse(await said("docker", ["inspect", ...ids.split("\n")], { env: this.#env }));
  }

  #run(args: readonly string[]): Promise<string> {
    const [program = "", ...first] = this.#command;
    return said(program, [...first, ...args], { env: this.#env, withinMs: 180_000 });
  }
}
