import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type NatsServer, type S3Server, startNats, startVersitygw } from "@wayward/testing";
import { Started } from "./process.ts";

const NAMES = ["ingest", "archive", "query", "stream"] as const;
export type ServiceName = (typeof NAMES)[number];

interface ClusterOptions {
  readonly syncAlways?: boolean;
  /** Address on which the services listen. Default: loopback. */
  readonly host?: string;
}

/** The four services with a NATS server and an S3 server, all on one machine. */
export class Cluster {
  readonly nats: NatsServer;
  readonly s3: S3Server;
  readonly #folder = mkdtempSync(join(tmpdir(), "wayward-cluster-"));
  readonly #services = new Map<ServiceName, Started>();
  readonly #ports = new Map<ServiceName, { readonly port: number; readonly httpPort: number }>();
  readonly #host: string;

  private constructor(nats: NatsServer, s3: S3Server, host: string) {
    this.nats = nats;
    this.s3 = s3;
    this.#host = host;
  }

  /** Starts the servers, then the services. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const nats = await startNats({ syncAlways: options.syncAlways ?? true });
    const s3 = await startVersitygw();
    const cluster = new Cluster(nats, s3, options.host ?? "127.0.0.1");
    try {
      for (const name of NAMES) cluster.#ports.set(name, { port: await freePort(), httpPort: await freePort() });
      await Promise.all(NAMES.map((name) => cluster.startService(name)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What clients and agents need to find the services. */
  get clientEnv(): Record<"WAYWARD_INGEST" | "WAYWARD_QUERY" | "WAYWARD_STREAM", string> {
    const address = (name: ServiceName) => `${this.#host}:${this.#ports.get(name)?.port}`;
    return { WAYWARD_INGEST: address("ingest"), WAYWARD_QUERY: address("query"), WAYWARD_STREAM: address("stream") };
  }

  pid(name: ServiceName): number {
    return this.#services.get(name)?.child.pid ?? 0;
  }

  async startService(name: ServiceName): Promise<void> {
    const { port, httpPort } = this.#ports.get(name)!;
    const service = new Started(process.execPath, [`services/${name}/src/main.ts`], {
      ...this.s3.env,
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
    });
    this.#services.set(name, service);
    await service.says(/"message":"ready"/, 20_000);
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
