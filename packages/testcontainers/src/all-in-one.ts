import { makeKey } from "@wayward/access";
import { AbstractStartedContainer, GenericContainer, type StartedTestContainer } from "testcontainers";
import { type CallerEnv, callerEnv, closeDoors, type Doors, schemeOf, type TlsFiles } from "./doors.ts";
import { GRPC_PORT, HTTP_PORT, imageOf } from "./images.ts";

/**
 * The all-in-one in a container, for tests of programs that are recorded or
 * that ask. What it has kept goes with the container. Takes the image of this
 * release by default; `npm run images` builds it.
 */
export class WaywardContainer extends GenericContainer {
  #doors: Doors = {};

  constructor(image = imageOf("all-in-one")) {
    super(image);
    this.withExposedPorts(GRPC_PORT, HTTP_PORT);
  }

  /** It lets in who has the key of `env`, which allows everything, and nobody else. */
  withKeys(): this {
    this.#doors = { ...this.#doors, key: makeKey() };
    return this;
  }

  /** It speaks TLS and nothing else, with a certificate of the test's own. */
  withTls(files: TlsFiles): this {
    this.#doors = { ...this.#doors, tls: files };
    return this;
  }

  /** Resolves once it answers questions. Rejects where no engine runs or the image cannot be had. */
  override async start(): Promise<StartedWaywardContainer> {
    closeDoors(this, this.#doors);
    return new StartedWaywardContainer(await super.start(), this.#doors);
  }
}

/** An all-in-one that answers. It ends with `stop()`, or at the end of the scope of `await using`. */
export class StartedWaywardContainer extends AbstractStartedContainer {
  readonly #doors: Doors;

  constructor(container: StartedTestContainer, doors: Doors = {}) {
    super(container);
    this.#doors = doors;
  }

  /** `host:port` of gRPC, with TLS `https://host:port`. It changes with `restart()`. */
  get server(): string {
    return `${schemeOf(this.#doors)}${this.getHost()}:${this.getMappedPort(GRPC_PORT)}`;
  }

  /** Of metrics in the format of Prometheus; with keys it asks for one. */
  get metricsUrl(): string {
    return `${schemeOf(this.#doors) || "http://"}${this.getHost()}:${this.getMappedPort(HTTP_PORT)}/metrics`;
  }

  /** What agents, clients and the command line find it by. */
  get env(): { readonly WAYWARD_SERVER: string } & CallerEnv {
    return { WAYWARD_SERVER: this.server, ...callerEnv(this.#doors) };
  }
}
