import { assert, WaywardError } from "@wayward/base";
import {
  type ConsumeOptions,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  type StreamInfo,
} from "nats";
import { ensureLayout } from "../layout.ts";
import { checkAddress, checkChannel } from "../names.ts";
import type { Address, Bus, BusFacts, BusMessage, BusUsage, Stored, Subscription } from "../port.ts";
import { AckMultiplexer } from "./acks.ts";
import { connectNats, type NatsAccess, watchConnection } from "./connect.ts";
import { Creations } from "./creations.ts";
import { requireReplicas, streamDifferences } from "./differences.ts";
import { follow } from "./follow.ts";
import { StreamPublisher } from "./publisher.ts";
import { inspectServer } from "./server.ts";
import { busError, HEARTBEAT_MS, partitionStreams, type StreamLimits, topicStreams, unavailable } from "./streams.ts";
import { addressOf, announceSubject, messageSubject, partitionSubject, streamName, TOPICS_STREAM } from "./subjects.ts";
import { JetStreamTopics } from "./topics.ts";

export interface JetStreamBusOptions extends NatsAccess {
  readonly partitions: number;
  /** `http://host:port` where the server tells its settings. */
  readonly monitorUrl?: string | undefined;
  /** Refuse a server that is not proven to survive power cuts. */
  readonly requireDurable?: boolean | undefined;
  /** Bytes of each partition; above it publishes get BUS_FULL. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Copies of each stream. Default 1. */
  readonly replicas?: number | undefined;
}

/** Bytes that wait in a reader. */
const READ_BYTES = 8 * 1024 * 1024;

/**
 * Connects and makes the streams. Throws BAD_CONFIG, BUS_DENIED,
 * BUS_MISCONFIGURED, BUS_NOT_DURABLE, BUS_TOO_OLD, BUS_TOO_SMALL,
 * BUS_UNAVAILABLE, LAYOUT_MISMATCH.
 */
export async function openJetStreamBus(options: JetStreamBusOptions): Promise<Bus> {
  const { partitions, monitorUrl, requireDurable = false } = options;
  const limits = { maxBytes: options.maxBytes ?? 1024 ** 3, replicas: options.replicas ?? 1 };
  const connection = await connectNats(options);
  try {
    const server = await inspectServer(connection, monitorUrl, requireDurable);
    const manager = await connection.jetstreamManager();
    const client = connection.jetstream();
    const creations = new Creations(manager);
    const topics = new JetStreamTopics(client, manager, creations);
    const streams = await makeStreams(creations, topics, partitions, limits);
    if (requireDurable) requireReplicas(streams, limits.replicas);
    const facts = { ...server, warnings: [...server.warnings, ...streamDifferences(streams, limits)] };
    const batches = server.syncAlways === true;
    return new JetStreamBus({ connection, client, manager, topics, facts, partitions, creations, batches });
  } catch (error) {
    await connection.close();
    throw busError(error);
  }
}

async function makeStreams(
  creations: Creations,
  topics: JetStreamTopics,
  partitions: number,
  limits: StreamLimits,
): Promise<StreamInfo[]> {
  try {
    const ofTopics = await creations.ensure(topicStreams(limits));
    // Before any stream is made that only a wrong number of partitions has.
    await ensureLayout(topics, partitions);
    const ofPartitions = await creations.ensure(partitionStreams(partitions, limits));
    // Made anew, the topics do not hold it; who cannot write it now leaves it to the next who starts.
    creations.onDoubt(TOPICS_STREAM, () => {
      if (creations.isProven(TOPICS_STREAM, creations.of(TOPICS_STREAM)))
        void ensureLayout(topics, partitions).catch(() => {});
    });
    return [...ofTopics, ...ofPartitions];
  } catch (error) {
    if (WaywardError.from(error).reason === "BUS_TOO_SMALL") await creations.undo();
    throw error;
  }
}

interface Opened {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly topics: JetStreamTopics;
  readonly facts: BusFacts;
  readonly partitions: number;
  readonly creations: Creations;
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
  readonly #creations: Creations;
  readonly #acks: AckMultiplexer;
  readonly #publishers: readonly StreamPublisher[];

  constructor({ connection, client, manager, topics, facts, partitions, creations, batches }: Opened) {
    this.partitions = partitions;
    this.facts = facts;
    this.#connection = connection;
    this.#manager = manager;
    this.#client = client;
    this.#creations = creations;
    this.topics = topics;
    this.#acks = new AckMultiplexer(connection);
    this.#publishers = Array.from({ length: partitions }, () => new StreamPublisher(this.#acks, batches));
    void creations.watch(connection);
  }

  incarnation(partition: number): string {
    return this.#creations.of(streamName(partition));
  }

  async publish(partition: number, address: Address, body: Uint8Array): Promise<Stored> {
    checkAddress(address);
    assert(partition < this.partitions, `partition ${partition} of ${this.partitions}`);
    const stream = streamName(partition);
    const incarnation = this.#creations.proven(stream);
    const publishing = this.#publishers[partition]!.publish(messageSubject(partition, address), body);
    const busSeq = await publishing.catch((error: unknown) => {
      if (busError(error).code === "UNAVAILABLE") this.#creations.suspect(stream);
      throw error;
    });
    // The answer does not say by which creation it counts.
    if (this.#creations.proven(stream) !== incarnation) throw unavailable(`stream ${stream} was made anew`);
    return { busSeq, incarnation };
  }

  async *read(partition: number, from: bigint, signal: AbortSignal): AsyncGenerator<BusMessage> {
    const start = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, Number(from)) };
    const following = {
      client: this.#client,
      creations: this.#creations,
      stream: streamName(partition),
      from: start,
      pace: byBytes(),
    };
    for await (const { seq, subject, data } of follow(following, signal)) {
      yield { busSeq: BigInt(seq), address: addressOf(subject), body: data };
    }
  }

  async bounds(partition: number): Promise<{ readonly first: bigint; readonly last: bigint }> {
    const { state } = await this.#creations.check(streamName(partition));
    const last = BigInt(state.last_seq);
    return state.messages === 0 ? { first: last + 1n, last } : { first: BigInt(state.first_seq), last };
  }

  async usage(partition: number): Promise<BusUsage> {
    const { state, config, ts } = await this.#creations.check(streamName(partition));
    const { messages, bytes, first_ts } = state;
    // Both times are the server's, so that nobody's clock makes a message older.
    const oldestMs =
      messages === 0 ? 0 : Math.max(0, Date.parse(ts ?? new Date().toISOString()) - Date.parse(first_ts));
    return { messages, bytes, bytesMax: config.max_bytes, oldestMs };
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

  get isReady(): boolean {
    return this.#creations.areProven && !this.#connection.isClosed();
  }

  onConnection(listener: (isConnected: boolean) => void): void {
    void watchConnection(this.#connection, listener);
  }

  async close(): Promise<void> {
    this.#creations.close();
    this.#acks.close();
    if (!this.#connection.isClosed()) await this.#connection.drain();
  }

  async #subscribe(subject: string, listener: (subject: string, body: Uint8Array) => void): Promise<Subscription> {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => error === null && listener(message.subject, message.data),
    });
    try {
      // The server knows of it once it has answered.
      await this.#connection.flush();
    } catch (error) {
      subscription.unsubscribe();
      throw busError(error);
    }
    return { close: async () => subscription.unsubscribe() };
  }
}
