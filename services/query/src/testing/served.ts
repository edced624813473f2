import { startArchiver } from "@wayward/archive";
import { type Bus, openEmbeddedBus, partitionOf } from "@wayward/bus";
import { type Client, connect } from "@wayward/client";
import { createLog, createMetrics, type Serving, serve } from "@wayward/service-kit";
import { openStore, type Store } from "@wayward/store";
import { type TempFolder, tempFolder } from "@wayward/testing";
import { startQuery } from "../start.ts";

export const PARTITIONS = 2;

const log = createLog("error");
/** Times that the archiver is asked whether it is done, 20 ms apart. */
const TRIES = 500;

interface ArchiveAll {
  /** Above it the oldest ended sessions go; 0 for never. */
  readonly keepBytes?: number;
  /** After so long without blocks those that have not ended go too. */
  readonly silentMs?: number;
  readonly until?: () => Promise<boolean>;
}

/** A query service on a bus and a store of its own, and what fills them. */
export class Served {
  readonly bus: Bus;
  readonly store: Store;
  readonly #folder: TempFolder;
  #serving: Serving | undefined;
  #client: Client | undefined;

  private constructor(folder: TempFolder, bus: Bus, store: Store) {
    this.#folder = folder;
    this.bus = bus;
    this.store = store;
  }

  static async open(name: string): Promise<Served> {
    const folder = await tempFolder(name);
    const bus = openEmbeddedBus({ path: `${folder.path}/bus`, partitions: PARTITIONS });
    return new Served(folder, bus, await openStore(`file://${folder.path}/store`));
  }

  /** Puts blocks of a session on the bus. */
  async publish(
    session: { readonly id: Uint8Array; readonly text: string },
    blocks: readonly Uint8Array[],
  ): Promise<void> {
    for (const block of blocks) {
      await this.bus.publish(partitionOf(session.id, PARTITIONS), { tenant: "default", session: session.text }, block);
    }
  }

  /** Runs an archiver until the bus is empty, and `until` answers true. */
  async archiveAll({ keepBytes = 0, silentMs, until = async () => true }: ArchiveAll = {}): Promise<void> {
    const { bus, store } = this;
    const metrics = createMetrics();
    const options = { bus, store, partitions: PARTITIONS, flushMs: 20, tendMs: 100, log, metrics };
    const archiver = await startArchiver({ ...options, keepBytes, ...(silentMs === undefined ? {} : { silentMs }) });
    let isDone = false;
    for (let tries = 0; tries < TRIES && !isDone; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const bounds = await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => bus.bounds(partition)));
      isDone = bounds.every(({ first, last }) => first > last) && (await until());
    }
    await archiver.stop();
    if (!isDone) throw new Error("the archiver has not emptied the bus");
  }

  /** Starts the service; gives its client. */
  async serve(): Promise<Client> {
    const metrics = createMetrics();
    const parts = [startQuery({ bus: this.bus, store: this.store, partitions: PARTITIONS, log, metrics })];
    this.#serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
    this.#client = connect({ server: this.#serving.address });
    return this.#client;
  }

  /** host:port of the service. */
  get address(): string {
    if (this.#serving === undefined) throw new Error("the service is not started");
    return this.#serving.address;
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.#serving?.stop();
    await this.bus.close();
    await this.store.close();
    await this.#folder.remove();
  }
}
