import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { ingest } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { type Bus, partitionOf } from "@wayward/bus";
import { sessionText } from "@wayward/record";
import { authenticate, errorFacts, type Log } from "@wayward/service-kit";
import { Announcer } from "./announce.ts";
import { admit, isPassing } from "./core/admit.ts";
import { type Credit, charge, exceeds, NOTHING, PROCESS_BYTES_MAX, release, STREAM_CREDIT } from "./core/credit.ts";
import type { IngestMetrics } from "./metrics.ts";
import type { Watermarks } from "./watermarks.ts";

type Call = ServerDuplexStream<ingest.PushRequest, ingest.PushResponse>;
type Event = NonNullable<ingest.PushResponse["event"]>;

/** How long a pusher waits before it sends a block again that the bus did not take. */
const RETRY_AFTER_MS = 250;

/** Everything that the push streams of a process share. */
export class PushHandler {
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: IngestMetrics;
  readonly watermarks: Watermarks;
  readonly announcer: Announcer;
  readonly #streams = new Set<PushStream>();
  #bytes = 0;

  constructor(bus: Bus, watermarks: Watermarks, metrics: IngestMetrics, log: Log) {
    this.bus = bus;
    this.log = log;
    this.metrics = metrics;
    this.watermarks = watermarks;
    this.announcer = new Announcer(bus);
  }

  open(call: Call): void {
    const stream = new PushStream(this, call);
    this.#streams.add(stream);
    this.metrics.streams.set(this.#streams.size);
    call.on("close", () => this.#forget(stream));
    call.on("cancelled", () => this.#forget(stream));
  }

  /** Counts bytes on their way to the bus; beyond the bound no stream is read. */
  inFlight(bytes: number): void {
    const before = this.#bytes;
    this.#bytes += bytes;
    this.metrics.inFlight.set(this.#bytes);
    if (before <= PROCESS_BYTES_MAX && this.#bytes > PROCESS_BYTES_MAX)
      for (const stream of this.#streams) stream.pause();
    if (before > PROCESS_BYTES_MAX && this.#bytes <= PROCESS_BYTES_MAX)
      for (const stream of this.#streams) stream.resume();
  }

  /** Says goodbye to all, and waits for what the bus still holds in its hands. */
  async stop(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.finish("the server stops")));
  }

  #forget(stream: PushStream): void {
    if (!this.#streams.delete(stream)) return;
    stream.close();
    this.metrics.streams.set(this.#streams.size);
  }
}

/** One pusher's stream: blocks in, answers out, each block answered once. */
class PushStream {
  readonly #handler: PushHandler;
  readonly #call: Call;
  readonly #tenant: string;
  /** Sessions seen on this stream, with how to stop hearing of them. */
  readonly #sessions = new Map<string, () => void>();
  #credit: Credit = NOTHING;
  #idle: (() => void) | undefined;
  #closed = false;

  constructor(handler: PushHandler, call: Call) {
    this.#handler = handler;
    this.#call = call;
    this.#tenant = authenticate(call.metadata).tenant;
    call.on("data", (request: ingest.PushRequest) => this.#take(request));
    call.on("end", () => void this.#drained().then(() => call.end()));
    call.on("error", () => this.close());
    this.#answer({ $case: "credit", value: { ...STREAM_CREDIT } });
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  async finish(message: string): Promise<void> {
    this.#answer({ $case: "goodbye", value: { message } });
    await this.#drained();
    this.#call.end();
  }

  close(): void {
    this.#closed = true;
    for (const stopHearing of this.#sessions.values()) stopHearing();
    this.#sessions.clear();
  }

  #take({ block, sent }: ingest.PushRequest): void {
    // An empty message only opens the stream.
    if (block.length === 0) return;
    const received = now();
    const { metrics, watermarks } = this.#handler;
    const admission = admit(block, (session) => watermarks.isDeleted(session));
    if (admission.type === "refuse") {
      metrics.blocks.inc({ result: "refused" });
      this.#answer({ $case: "refused", value: admission.refused });
      return;
    }
    const { session, seq } = admission.envelope.header;
    if (exceeds(this.#credit, block.length)) {
      this.#retry(session, seq, `${this.#credit.blocks} blocks are unanswered, at most ${STREAM_CREDIT.blocks}`);
      return;
    }
    this.#follow(session);
    this.#credit = charge(this.#credit, block.length);
    this.#handler.inFlight(block.length);
    void this.#publish(session, seq, block, sent, received).finally(() => {
      this.#credit = release(this.#credit, block.length);
      this.#handler.inFlight(-block.length);
      if (this.#credit.blocks === 0) this.#idle?.();
    });
  }

  async #publish(session: Buffer, seq: bigint, block: Buffer, pushed: bigint, received: bigint): Promise<void> {
    const { bus, announcer, metrics, log } = this.#handler;
    const partition = partitionOf(session, bus.partitions);
    try {
      const stored = await bus.publish(partition, { tenant: this.#tenant, session: sessionText(session) }, block);
      announcer.add(partition, stored, session, seq);
      metrics.blocks.inc({ result: "accepted" });
      metrics.bytes.inc(block.length);
      this.#answer({ $case: "ack", value: { session, seq, partition, ...stored, pushed, received, sent: now() } });
    } catch (error) {
      metrics.blocks.inc({ result: "retry" });
      if (!isPassing(error)) log.error("a block could not be published", errorFacts(error));
      this.#retry(session, seq, WaywardError.from(error).message);
    }
  }

  #retry(session: Buffer, seq: bigint, message: string): void {
    this.#answer({ $case: "retry", value: { session, seq, afterMs: RETRY_AFTER_MS, message } });
  }

  /** From its first block on the pusher hears what the archive has of a session. */
  #follow(session: Uint8Array): void {
    const text = sessionText(session);
    if (this.#sessions.has(text)) return;
    const stop = this.#handler.watermarks.follow(text, (archived) =>
      this.#answer({ $case: "archived", value: archived }),
    );
    this.#sessions.set(text, stop);
  }

  #answer(event: Event): void {
    if (!this.#closed && !this.#call.destroyed) this.#call.write({ event });
  }

  #drained(): Promise<void> {
    if (this.#credit.blocks === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}

/** Wall time in nanoseconds since 1970. */
function now(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}
