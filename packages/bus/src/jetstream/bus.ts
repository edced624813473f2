import { assert, present, WaywardError } from "@wayward/base";
import {
  type ConsumeOptions,
  connect,
  DeliverPolicy,
  Events,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
} from "nats";
import { checkAddress, checkChannel } from "../names.ts";
import type { Address, Bus, BusFacts, BusMessage, Stored, Subscription } from "../port.ts";
import { AckMultiplexer } from "./acks.ts";
import { StreamPublisher } from "./publisher.ts";
import { inspectServer } from "./server.ts";
import { busError, ensurePartition, ensureTopics, HEARTBEAT_MS, type StreamLimits } from "./streams.ts";
import { addressOf, announceSubject, messageSubject, partitionSubject, streamName } from "./subjects.ts";
import { JetStreamTopics } from "./topics.ts";

export interface JetStreamBusOptions {
  /** `nats://host:port`, several with commas between. */
  readonly servers: string;
  readonly partitions: number;
  /** `http://host:port` where the server tells its settings. */
  readonly monitorUrl?: string | undefined;
  /** Refuse a server that is not proven to survive power cuts. */
  readonly requireDurable?: boolean | undefined;
  /** Bytes of each partition; above it publishes get BUS_FULL. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Copies of each stream. Default 1. */
  readonly replicas?: number | undefined;
  /** What the server's list of connections calls this one. */
  readonly name?: string | undefined;
}

/** Bytes that wait in a reader. */
const READ_BYTES = 8 * 1024 * 1024;

/** Connects and makes the streams. Throws BUS_UNAVAILABLE, BUS_TOO_OLD, BUS_NOT_DURABLE, BUS_MISCONFIGURED. */
export async function openJetStreamBus(options: JetStreamBusOptions): Promise<Bus> {
  const { servers, partitions, monitorUrl, requireDurable = false, name = "wayward" } = options;
  const limits = { maxBytes: options.maxBytes ?? 1024 ** 3, replicas: options.replicas ?? 1 };
  const connection = await connect({
    servers: servers.split(","),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: 5_000,
  }).catch((error: unknown) => {
    throw new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `no nats-server at ${servers}: ${error}`, {
      cause: error,
    });
  });
  try {
    const facts = await inspectServer(connection, monitorUrl, requireDurable);
    const manager = await connection.jetstreamManager();
    const incarnations = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => ensurePartition(manager, partition, limits)),
    );
    await ensureTopics(manager, limits);
    return new JetStreamBus({ connection, manager, facts, incarnations, limits, batches: facts.syncAlways === true });
  } catch (error) {
    await connection.close();
    throw busError(error);
  }
}

interface Opened {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly facts: BusFacts;
  readonly incarnations: string[];
  readonly limits: StreamLimits;
  readonly batches: boolean;
}

/**
 * Options of a consumer that is bounded by bytes. The library writes a count
 * of 100 into its caller's object; when it makes the consumer anew, after a
 * server's restart, it reads both from there and throws where nobody can
 * catch it, which ends the process. So the count, when it is written again,
 * is none.
 */
function byBytes(): ConsumeOptions {
  let count = 0;
  return {
    max_bytes: READ_BYTES,
    idle_heartbeat: HEARTBEAT_MS,
    get max_messages() {
      return count;
    },
    set max_messages(value: number) {
      count = value === count ? 0 : value;
    },
  };
}

class JetStreamBus implements Bus {
  readonly partitions: number;
  readonly facts: BusFacts;
  readonly topics: JetStreamTopics;
  readonly #connection: NatsConnection;
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #incarnations: string[];
  readonly #limits: StreamLimits;
  readonly #acks: AckMultiplexer;
  readonly #publishers: readonly StreamPublisher[];

  constructor({ connection, manager, facts, incarnations, limits, batches }: Opened) {
    this.partitions = incarnations.length;
    this.facts = facts;
    this.#connection = connection;
    this.#manager = manager;
    this.#client = connection.jetstream();
    this.#incarnations = incarnations;
    this.#limits = limits;
    this.topics = new JetStreamTopics(this.#client, manager);
    this.#acks = new AckMultiplexer(connection);
    this.#publishers = incarnations.map(() => new StreamPublisher(this.#acks, batches));
    void this.#watchConnection();
  }

  incarnation(partition: number): string {
    return present(this.#incarnations[partition], `partition ${partition}`);
  }

  async publish(partition: number, address: Address, body: Uint8Array): Promise<Stored> {
    checkAddress(address);
    assert(partition < this.partitions, `partition ${partition} of ${this.partitions}`);
    const busSeq = await this.#publishers[partition]!.publish(messageSubject(partition, address), body);
    return { busSeq, incarnation: this.incarnation(partition) };
  }

  async *read(partition: number, from: bigint, signal: AbortSignal): AsyncGenerator<BusMessage> {
    const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, Number(from)) };
    try {
      const consumer = await this.#client.consumers.get(streamName(partition), start);
      const messages = await consumer.consume(byBytes());
      const stop = () => messages.stop();
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      try {
        for await (const { seq, subject, data } of messages) {
          yield { busSeq: BigInt(seq), address: addressOf(subject), body: data };
          if (signal.aborted) return;
        }
      } finally {
        signal.removeEventListener("abort", stop);
        messages.stop();
      }
    } catch (error) {
      throw busError(error);
    }
    if (!signal.aborted) throw new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", "JetStream: reading has ended");
  }

  async bounds(partition: number): Promise<{ readonly first: bigint; readonly last: bigint }> {
    try {
      const { state } = await this.#manager.streams.info(streamName(partition));
      const last = BigInt(state.last_seq);
      return state.messages === 0 ? { first: last + 1n, last } : { first: BigInt(state.first_seq), last };
    } catch (error) {
      throw busError(error);
    }
  }

  async purge(partition: number, upTo: bigint): Promise<void> {
    try {
      await this.#manager.streams.purge(streamName(partition), { seq: Number(upTo) + 1 });
    } catch (error) {
      throw busError(error);
    }
  }

  async listen(partition: number, listener: (address: Address, body: Uint8Array) => void): Promise<Subscription> {
    return this.#subscribe(partitionSubject(partition), (subject, body) => listener(addressOf(subject), body));
  }

  announce(channel: string, body: Uint8Array): void {
    checkChannel(channel);
    // A closed connection has nobody to tell.
    if (!this.#connection.isClosed()) this.#connection.publish(announceSubject(channel), body);
  }

  async hear(channel: string, listener: (body: Uint8Array) => void): Promise<Subscription> {
    checkChannel(channel);
    return this.#subscribe(announceSubject(channel), (_, body) => listener(body));
  }

  async close(): Promise<void> {
    this.#acks.close();
    if (!this.#connection.isClosed()) await this.#connection.drain();
  }

  async #subscribe(subject: string, listener: (subject: string, body: Uint8Array) => void): Promise<Subscription> {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => error === null && listener(message.subject, message.data),
    });
    // The server knows of it once it has answered.
    await this.#connection.flush();
    return { close: async () => subscription.unsubscribe() };
  }

  /** After a reconnection the streams may have been made anew, or be gone. */
  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type !== Events.Reconnect) continue;
      for (let partition = 0; partition < this.partitions; partition++) {
        try {
          this.#incarnations[partition] = await ensurePartition(this.#manager, partition, this.#limits);
        } catch {
          // The server is not ready yet; publishes fail until the next reconnection or restart.
        }
      }
    }
  }
}
