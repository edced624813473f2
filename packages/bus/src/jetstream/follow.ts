import {
  type ConsumeOptions,
  ConsumerEvents,
  type ConsumerMessages,
  type JetStreamClient,
  type JsMsg,
  type OrderedConsumerOptions,
} from "nats";
import type { Creations } from "./creations.ts";
import { busError, unavailable } from "./streams.ts";

/** Whatever the library tells of a consumer that is not as it was. */
const LOSSES: readonly string[] = Object.values(ConsumerEvents);

export interface Following {
  readonly client: JetStreamClient;
  readonly creations: Creations;
  readonly stream: string;
  readonly from: Partial<OrderedConsumerOptions>;
  readonly pace: ConsumeOptions;
}

/**
 * A stream's messages until the signal aborts, all of the creation in force
 * when it begins. Throws BUS_UNAVAILABLE when the connection, the consumer or
 * the stream is lost: the library may take half a minute to find what is
 * there again, and then goes on at the next sequence, past what a stream that
 * was made anew has before it.
 */
export async function* follow(following: Following, signal: AbortSignal): AsyncGenerator<JsMsg> {
  const { client, creations, stream, from, pace } = following;
  const creation = creations.proven(stream);
  try {
    // A stream without a leader has no consumers: this fails sooner.
    await creations.check(stream);
    const consumer = await client.consumers.get(stream, from);
    const messages = await consumer.consume(pace);
    const stop = () => messages.stop();
    const forget = creations.onDoubt(stream, stop);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    let isLost = false;
    void whenLost(messages, () => {
      isLost = true;
      creations.suspect(stream);
      stop();
    });
    try {
      // It may have been made anew since the creation was told.
      await creations.check(stream);
      if (!creations.isProven(stream, creation)) stop();
      for await (const message of messages) {
        if (signal.aborted) return;
        if (isLost || !creations.isProven(stream, creation)) break;
        yield message;
        if (signal.aborted) return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      forget();
      stop();
    }
  } catch (error) {
    throw busError(error);
  }
  if (signal.aborted) return;
  throw unavailable(`stream ${stream} was lost or made anew while it was read`);
}

/** Calls `lost` when the consumer does not answer, is not there, or was made anew by the library. */
async function whenLost(messages: ConsumerMessages, lost: () => void): Promise<void> {
  for await (const { type } of await messages.status()) if (LOSSES.includes(type)) lost();
}
