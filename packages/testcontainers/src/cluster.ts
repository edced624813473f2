import { makeKey } from "@wayward/access";
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from "testcontainers";
import { type CallerEnv, callerEnv, closeDoors, type Doors, schemeOf, type TlsFiles } from "./doors.ts";
import { GRPC_PORT, HTTP_PORT, imageOf, NATS_IMAGE, S3_IMAGE } from "./images.ts";

export interface WaywardClusterOptions {
  /** What stands before `/ingest:<version>` and the others. Default: `wayward`. */
  readonly registry?: string;
  /** NATS 2.14 or later with `nats-server` on its PATH. */
  readonly natsImage?: string;
  /** versitygw 1.8.0 or later with `versitygw` on its PATH. */
  readonly s3Image?: string;
  /** Services let in who has the key of `env`, which allows everything, and nobody else. Default: everyone. */
  readonly keys?: boolean;
  /** Services speak TLS and nothing else. */
  readonly tls?: TlsFiles;
}

const SERVICES = ["ingest", "archive", "query", "stream"] as const;
type ServiceName = (typeof SERVICES)[number];

const NATS_CONFIG = `port: 4222
http_port: 8222
max_payload: 8MB
jetstream { store_dir: "/tmp/bus", max_file_store: 1GB, sync_interval: always }
`;
const S3_PORT = 7070;
const CREDENTIALS = { access: "test", secret: "testtest" };

/** The distributed shape in containers: the four services with NATS and an S3 server, on a network of their own. */
export class WaywardCluster {
  readonly #network: StartedNetwork;
  readonly #containers: readonly StartedTestContainer[];
  readonly #services: ReadonlyMap<ServiceName, StartedTestContainer>;
  readonly #doors: Doors;

  private constructor(
    network: StartedNetwork,
    servers: readonly StartedTestContainer[],
    services: ReadonlyMap<ServiceName, StartedTestContainer>,
    doors: Doors,
  ) {
    this.#network = network;
    this.#containers = [...services.values(), ...servers];
    this.#services = services;
    this.#doors = doors;
  }

  /** Resolves once all answer. Rejects where no engine runs or an image cannot be had, and leaves nothing running. */
  static async start(options: WaywardClusterOptions = {}): Promise<WaywardCluster> {
    const { registry, natsImage = NATS_IMAGE, s3Image = S3_IMAGE, keys = false, tls } = options;
    const doors = { key: keys ? makeKey() : undefined, tls };
    const network = await new Network().start();
    let servers: StartedTestContainer[] = [];
    try {
      servers = await startAll([natsContainer(natsImage), s3Container(s3Image)], network);
      const services = await startAll(
        SERVICES.map((name) => serviceContainer(name, registry, doors)),
        network,
      );
      const named = new Map(SERVICES.map((name, index) => [name, services[index]!]));
      return new WaywardCluster(network, servers, named, doors);
    } catch (error) {
      await new WaywardCluster(network, servers, new Map(), doors).stop();
      throw error;
    }
  }

  /** What agents, clients and the command line find the services by. */
  get env(): Readonly<Record<"WAYWARD_INGEST" | "WAYWARD_QUERY" | "WAYWARD_STREAM", string>> & CallerEnv {
    const address = (name: ServiceName) => {
      const service = this.service(name);
      return `${schemeOf(this.#doors)}${service.getHost()}:${service.getMappedPort(GRPC_PORT)}`;
    };
    const services = {
      WAYWARD_INGEST: address("ingest"),
      WAYWARD_QUERY: address("query"),
      WAYWARD_STREAM: address("stream"),
    };
    return { ...services, ...callerEnv(this.#doors) };
  }

  /** A service's container, to look at its log, to stop it, or to start it anew. */
  service(name: ServiceName): StartedTestContainer {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`${name} has not been started`);
    return service;
  }

  /** Ends all containers, and what they have kept. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#containers.map((container) => container.stop()));
    await this.#network.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** All of them, or none: those that have started are stopped where one fails. */
async function startAll(
  containers: readonly GenericContainer[],
  network: StartedNetwork,
): Promise<StartedTestContainer[]> {
  const outcomes = await Promise.allSettled(containers.map((one) => one.withNetwork(network).start()));
  const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return started;
  await Promise.allSettled(started.map((one) => one.stop()));
  throw failed.reason;
}

function natsContainer(image: string): GenericContainer {
  return new GenericContainer(image)
    .withNetworkAliases("nats")
    .withEntrypoint(["nats-server"])
    .withCommand(["--config", "/tmp/nats.conf"])
    .withCopyContentToContainer([{ content: NATS_CONFIG, target: "/tmp/nats.conf" }])
    .withExposedPorts(8222)
    .withWaitStrategy(Wait.forHttp("/healthz", 8222));
}

/** A bucket is a folder. What it cannot keep in extended attributes, which not every file system has, is in the sidecar. */
function s3Container(image: string): GenericContainer {
  const paths = ["--sidecar", "/tmp/sidecar", "/tmp/s3"];
  return new GenericContainer(image)
    .withNetworkAliases("s3")
    .withEntrypoint(["versitygw"])
    .withCommand(["--quiet", "--keep-alive", "--health", "/healthz", "--port", `:${S3_PORT}`, "posix", ...paths])
    .withEnvironment({ ROOT_ACCESS_KEY: CREDENTIALS.access, ROOT_SECRET_KEY: CREDENTIALS.secret })
    .withCopyContentToContainer(
      ["/tmp/s3/wayward/.keep", "/tmp/sidecar/.keep"].map((target) => ({ content: "", target })),
    )
    .withExposedPorts(S3_PORT)
    .withWaitStrategy(Wait.forHttp("/healthz", S3_PORT));
}

function serviceContainer(name: ServiceName, registry: string | undefined, doors: Doors): GenericContainer {
  const service = new GenericContainer(imageOf(name, registry))
    .withNetworkAliases(name)
    .withEnvironment({
      WAYWARD_NATS: "nats://nats:4222",
      WAYWARD_NATS_MONITOR: "http://nats:8222",
      WAYWARD_BUS_BYTES: "64MiB",
      WAYWARD_STORE: `s3://wayward?endpoint=${encodeURIComponent(`http://s3:${S3_PORT}`)}&region=us-east-1`,
      WAYWARD_INGEST: `ingest:${GRPC_PORT}`,
      AWS_ACCESS_KEY_ID: CREDENTIALS.access,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secret,
    })
    .withExposedPorts(GRPC_PORT, HTTP_PORT);
  return closeDoors(service, doors);
}
