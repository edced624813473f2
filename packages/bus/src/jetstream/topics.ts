import { DeliverPolicy, type JetStreamClient, type JetStreamManager, type NatsError } from "nats";
import { checkTopic } from "../names.ts";
import type { Topics, TopicValue } from "../port.ts";
import type { Creations } from "./creations.ts";
import { follow } from "./follow.ts";
import { busError, HEARTBEAT_MS, isApiError } from "./streams.ts";
import { topicName, topicPlace } from "./subjects.ts";

/** JetStream's code of a write whose expected revision was not the present one. */
const WRONG_LAST_SEQUENCE = 10071;

/** Last values as the last message of each subject. */
export class JetStreamTopics implements Topics {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #creations: Creations;

  constructor(client: JetStreamClient, manager: JetStreamManager, creations: Creations) {
    this.#client = client;
    this.#manager = manager;
    this.#creations = creations;
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
    const following = {
      client: this.#client,
      creations: this.#creations,
      stream,
      from: { filterSubjects: `${subject}.>`, deliver_policy: DeliverPolicy.LastPerSubject },
      pace: { max_messages: 500, idle_heartbeat: HEARTBEAT_MS },
    };
    for await (const { subject: from, data, seq } of follow(following, signal)) {
      yield { name: topicName(from), value: data, revision: BigInt(seq) };
    }
  }
}
