import { AbstractStartedContainer, GenericContainer, Wait } from "testcontainers";
import { GRPC_PORT, HTTP_PORT, imageOf } from "./images.ts";

/**
 * The all-in-one in a container, for tests of programs that are recorded or
 * that ask. What it has kept goes with the container. Takes the image of this
 * release by default; `npm run images` builds it.
 */
export class WaywardContainer extends GenericContainer {
  constructor(image = imageOf("all-in-one")) {
    super(image);
    this.withExposedPorts(GRPC_PORT, HTTP_PORT).withWaitStrategy(Wait.forHttp("/readyz", HTTP_PORT));
  }

  /** Resolves once it answers questions. Rejects where no engine runs or the image cannot be had. */
  override async start(): Promise<StartedWaywardContainer> {
    return new StartedWaywardContainer(await super.start());
  }
}

/** An all-in-one that answers. It ends with `stop()`, or at the end of the scope of `await using`. */
export class StartedWaywardContainer extends AbstractStartedContainer {
  /** `host:port` of gRPC. It changes with `restart()`. */
  get server(): string {
    return `${this.getHost()}:${this.getMappedPort(GRPC_PORT)}`;
  }

  /** Of metrics in the format of Prometheus. */
  get metricsUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(HTTP_PORT)}/metrics`;
  }

  /** What agents, clients and the command line find it by. */
  get env(): { readonly WAYWARD_SERVER: string } {
    return { WAYWARD_SERVER: this.server };
  }
}
