import { WaywardError } from "@wayward/base";
import { DeliverPolicy, type JetStreamClient, type JetStreamManager, type NatsError } from "nats";
import { checkTopic } from "../names.ts";
import type { Topics, TopicValue } from "../port.ts";
import { busError, HEARTBEAT_MS, isApiError } from "./streams.ts";
import { topicName, topicPlace } from "./subjects.ts";

/** JetStream's code of a write whose expected revision was not the present one. */
const WRONG_LAST_SEQUENCE = 10071;

/** Last values as the last message of each subject. */
export class JetStreamTopics implements Topics {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  async get(name: string): Promise<TopicValue | undefined> {
    checkTopic(name);
    const { stream, subject } = topicPlace(name);
    try {
      const message = await this.#manager.streams.getMessage(stream, { last_by_subj: subject });
      return message === null ? undefined : { name, value: message.data, revision: BigInt(message.seq) };
    } catch (error) {
      if (isApiError(error, 404)) return undefined;
      throw busError(error);
    }
  }

  async set(name: string, value: Uint8Array, expected?: bigint): Promise<bigint | "changed"> {
    checkTopic(name, value);
    const { subject } = topicPlace(name);
    const expect = expected === undefined ? {} : { expect: { lastSubjectSequence: Number(expected) } };
    try {
      return BigInt((await this.#client.publish(subject, value, expect)).seq);
    } catch (error) {
      if ((error as NatsError).api_error?.err_code === WRONG_LAST_SEQUENCE) return "changed";
      throw busError(error);
    }
  }

  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<TopicValue> {
    checkTopic(prefix);
    const { stream, subject } = topicPlace(prefix);
    const consumer = await this.#client.consumers
      .get(stream, { filterSubjects: `${subject}.>`, deliver_policy: DeliverPolicy.LastPerSubject })
      .catch((error: unknown) => {
        throw busError(error);
      });
    const messages = await consumer.consume({ max_messages: 500, idle_heartbeat: HEARTBEAT_MS });
    const stop = () => messages.stop();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      for await (const { subject: from, data, seq } of messages) {
        yield { name: topicName(from), value: data, revision: BigInt(seq) };
      }
      if (!signal.aborted) throw new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", "JetStream: the watch has ended");
    } finally {
      signal.removeEventListener("abort", stop);
      messages.stop();
    }
  }
}
