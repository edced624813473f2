import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type NatsServer, type S3Server, startNats, startVersitygw } from "@wayward/testing";
import { Started } from "./process.ts";

export const SERVICES = ["ingest", "archive", "query", "stream"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Four of them start at once, beside whatever else a machine does; each takes a second where it has one to itself. */
const READY_WITHIN_MS = 60_000;
/** As in the images: a larger young heap, as V8 would have it, only holds buffers of blocks that are done with. */
const STREAM_FLAGS = ["--max-semi-space-size=4"];

/** Ingest and archive ask the bus every 10 s what it holds. */
const ARCHIVED_WITHIN_MS = 40_000;

/** Streams of blocks, one a partition. */
const BLOCKS = /^wm-\d+$/;

/** Of what NATS's monitoring port answers to /jsz?streams=true. */
interface StreamsOfServer {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly { readonly name: string; readonly state: { readonly messages: number } }[];
  }[];
}

interface ClusterOptions {
  readonly syncAlways?: boolean;
  /** File for a line of each request to the S3 server. */
  readonly accessLog?: string;
  /** Address on which the services listen. Default: loopback. */
  readonly host?: string;
  /** More for each service, such as keys and certificates. */
  readonly env?: NodeJS.ProcessEnv;
  /** In front of addresses, where the services speak TLS: `https://localhost`. */
  readonly url?: string;
}

/** The four services with a NATS server and an S3 server, all on one machine. */
export class Cluster {
  readonly nats: NatsServer;
  readonly s3: S3Server;
  readonly #folder = mkdtempSync(join(tmpdir(), "wayward-cluster-"));
  readonly #services = new Map<ServiceName, Started>();
  readonly #ports = new Map<ServiceName, { readonly port: number; readonly httpPort: number }>();
  readonly #host: string;
  readonly #url: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(nats: NatsServer, s3: S3Server, { host = "127.0.0.1", url = host, env = {} }: ClusterOptions) {
    this.nats = nats;
    this.s3 = s3;
    this.#host = host;
    this.#url = url;
    this.#env = env;
  }

  /** Starts the servers, then the services. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const nats = await startNats({ syncAlways: options.syncAlways ?? true });
    const s3 = await startVersitygw(options.accessLog === undefined ? {} : { accessLog: options.accessLog });
    const cluster = new Cluster(nats, s3, options);
    try {
      for (const name of SERVICES) cluster.#ports.set(name, { port: await freePort(), httpPort: await freePort() });
      await Promise.all(SERVICES.map((name) => cluster.startService(name)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What clients and agents need to find the services. */
  get clientEnv(): Record<"WAYWARD_INGEST" | "WAYWARD_QUERY" | "WAYWARD_STREAM", string> {
    const address = (name: ServiceName) => `${this.#url}:${this.#ports.get(name)?.port}`;
    return { WAYWARD_INGEST: address("ingest"), WAYWARD_QUERY: address("query"), WAYWARD_STREAM: address("stream") };
  }

  /** `host:port` of a service's metrics and probes. */
  httpAddress(name: ServiceName): string {
    return `${this.#host}:${this.#ports.get(name)?.httpPort}`;
  }

  async metrics(name: ServiceName): Promise<string> {
    return (await fetch(`http://${this.httpAddress(name)}/metrics`)).text();
  }

  /** Waits until something was committed, the bus holds no block more, and ingest and archive have seen that too. */
  async archived(): Promise<void> {
    const until = Date.now() + ARCHIVED_WITHIN_MS;
    const isEmpty = (text: string) =>
      /^wayward_bus_messages\{/m.test(text) && !/^wayward_bus_messages\{.*\} [1-9]/m.test(text);
    for (;;) {
      const blocks = await this.#blocksOnBus();
      const [ingest, archive] = await Promise.all([this.metrics("ingest"), this.metrics("archive")]);
      const isCommitted = /^wayward_archive_committed_at_seconds\{/m.test(archive);
      if (blocks === 0 && isCommitted && isEmpty(ingest) && isEmpty(archive)) return;
      if (Date.now() > until) throw new Error(`the bus still holds blocks after ${ARCHIVED_WITHIN_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** What the services' metrics say is up to 10 s old; the server knows it now. */
  async #blocksOnBus(): Promise<number> {
    const answer = await fetch(`${this.nats.monitorUrl}/jsz?streams=true`);
    const { account_details: accounts = [] } = (await answer.json()) as StreamsOfServer;
    const streams = accounts.flatMap(({ stream_detail: details = [] }) => details);
    return streams.filter(({ name }) => BLOCKS.test(name)).reduce((sum, { state }) => sum + state.messages, 0);
  }

  pid(name: ServiceName): number {
    return this.#services.get(name)?.child.pid ?? 0;
  }

  async startService(name: ServiceName): Promise<void> {
    const { port, httpPort } = this.#ports.get(name)!;
    const service = new Started(
      process.execPath,
      [...(name === "stream" ? STREAM_FLAGS : []), `services/${name}/src/main.ts`],
      {
        ...this.s3.env,
        // As in the images.
        MALLOC_ARENA_MAX: "2",
        WAYWARD_NATS: this.nats.url,
        WAYWARD_NATS_MONITOR: this.nats.monitorUrl,
        WAYWARD_BUS_BYTES: "512MiB",
        WAYWARD_STORE: this.s3.storeUrl,
        WAYWARD_HOST: this.#host,
        WAYWARD_PORT: String(port),
        WAYWARD_HTTP_PORT: String(httpPort),
        // Stream reports what it finds to ingest.
        WAYWARD_INGEST: this.clientEnv.WAYWARD_INGEST,
        WAYWARD_ANALYSIS_SPOOL: join(this.#folder, "analysis"),
        ...this.#env,
      },
    );
    this.#services.set(name, service);
    await service.says(/"message":"ready"/, READY_WITHIN_MS);
  }

  /** Ends a service without warning. */
  async killService(name: ServiceName): Promise<void> {
    const service = this.#services.get(name);
    service?.child.kill("SIGKILL");
    await service?.ended;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
    await this.nats.stop();
    await this.s3.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
