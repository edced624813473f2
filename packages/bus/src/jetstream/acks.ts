import { WaywardError } from "@wayward/base";
import { createInbox, headers, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from "nats";

/** What the server answers a publish. */
export interface PublishAck {
  readonly seq: number;
  /** Messages of an atomic batch. */
  readonly count?: number;
}

interface Waiting {
  readonly resolve: (ack: PublishAck) => void;
  readonly reject: (error: WaywardError) => void;
  /** By the clock that nobody sets, in ms. */
  readonly deadline: number;
}

/** A publish that nobody has answered for so long may or may not have been stored. */
const TIMEOUT_MS = 5_000;
const CHECK_EVERY_MS = 500;

/**
 * Publishes with one subscription for all answers: a request each, as the
 * library's own publish makes, costs ten times as much.
 */
export class AckMultiplexer {
  readonly #connection: NatsConnection;
  readonly #inbox = createInbox();
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscription: Subscription;
  readonly #checking: NodeJS.Timeout;
  #next = 0;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (_, message) => this.#answered(message),
    });
    this.#checking = setInterval(() => this.#expire(), CHECK_EVERY_MS).unref();
  }

  /** Publishes one message; rejects with BUS_FULL or BUS_UNAVAILABLE. */
  publish(subject: string, body: Uint8Array, extra?: MsgHdrs): Promise<PublishAck> {
    const token = (this.#next++).toString(36);
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { resolve, reject, deadline: performance.now() + TIMEOUT_MS });
      try {
        const reply = `${this.#inbox}.${token}`;
        this.#connection.publish(subject, body, extra === undefined ? { reply } : { reply, headers: extra });
      } catch (error) {
        this.#waiting.delete(token);
        reject(unavailable(error instanceof Error ? error.message : String(error)));
      }
    });
  }

  /** Publishes messages as one atomic batch: all or none are stored, with one sync. Tells the last one's place. */
  batch(id: string, messages: readonly { readonly subject: string; readonly body: Uint8Array }[]): Promise<PublishAck> {
    for (const [index, { subject, body }] of messages.slice(0, -1).entries()) {
      this.#connection.publish(subject, body, { headers: batchHeaders(id, index + 1) });
    }
    const last = messages.at(-1)!;
    const extra = batchHeaders(id, messages.length);
    extra.set("Nats-Batch-Commit", "1");
    return this.publish(last.subject, last.body, extra);
  }

  close(): void {
    clearInterval(this.#checking);
    this.#subscription.unsubscribe();
    this.#rejectAll("the connection was closed");
  }

  #rejectAll(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(unavailable(why));
    this.#waiting.clear();
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    if (message.data.length === 0) {
      waiting.reject(unavailable(`no stream takes it (${message.headers?.code ?? "no answer"})`));
      return;
    }
    const answer = JSON.parse(Buffer.from(message.data).toString()) as {
      readonly seq?: number;
      readonly count?: number;
      readonly error?: { readonly err_code?: number; readonly description?: string };
    };
    if (answer.error === undefined && answer.seq !== undefined) {
      waiting.resolve({ seq: answer.seq, ...(answer.count === undefined ? {} : { count: answer.count }) });
    } else waiting.reject(refusal(answer.error?.err_code ?? 0, answer.error?.description ?? "no sequence"));
  }

  #expire(): void {
    const now = performance.now();
    for (const [token, { deadline, reject }] of this.#waiting) {
      if (deadline > now) break;
      this.#waiting.delete(token);
      reject(unavailable(`no acknowledgement for ${TIMEOUT_MS} ms`));
    }
  }
}

function batchHeaders(id: string, sequence: number): MsgHdrs {
  const made = headers();
  made.set("Nats-Batch-Id", id);
  made.set("Nats-Batch-Sequence", String(sequence));
  return made;
}

/** JetStream's codes of a stream, an account or a disk that takes no more. */
const FULL = new Set([10023, 10047, 10077, 10122]);

function refusal(code: number, description: string): WaywardError {
  const message = `JetStream refuses: ${description} (${code})`;
  if (FULL.has(code)) return new WaywardError("RESOURCE_EXHAUSTED", "BUS_FULL", message, { facts: { got: code } });
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", message, { facts: { got: code } });
}

function unavailable(why: string): WaywardError {
  return new WaywardError("UNAVAILABLE", "BUS_UNAVAILABLE", `JetStream: ${why}`);
}
