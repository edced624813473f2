import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { ingest } from "@wayward/api";
import { createDeferred } from "@wayward/base";
import { type Bus, CONTROL } from "@wayward/bus";
import { callerOf, type Log, trustConnection } from "@wayward/service-kit";
import { Announcer } from "./announce.ts";
import { controlOf } from "./control.ts";
import type { StreamId } from "./core/followers.ts";
import { createState, step } from "./core/step.ts";
import type { Effect, Event } from "./core/types.ts";
import type { IngestEvents } from "./events.ts";
import { publish } from "./publish.ts";
import { TopicWatch } from "./topic-watch.ts";
import { wallNow } from "./wall.ts";
import { Watermarks } from "./watermarks.ts";

export type PushCall = ServerDuplexStream<ingest.PushRequest, ingest.PushResponse>;

/** So long a stream may go on after it was told to go elsewhere, in milliseconds. */
const LEAVE_WITHIN_MS = 10_000;

/** Answers that may wait for a pusher to read them; above it its blocks are not read either. */
const ANSWERS_MAX = 1_000;

/** Carries out what the core decides on the push streams of this process. */
export class PushHandler {
  readonly #bus: Bus;
  readonly #events: IngestEvents;
  readonly #announcer: Announcer;
  readonly #watermarks: Watermarks;
  readonly #control: TopicWatch;
  readonly #state = createState();
  readonly #calls = new Map<StreamId, PushCall>();
  readonly #ageMs: number;
  /** Events that came while another was carried out. */
  readonly #queue: Event[] = [];
  readonly #stopped = createDeferred<void>();
  #running = false;
  #nextStream = 0;

  /** A stream that is `ageMs` old is told to connect again; 0 lets it live as long as it likes. */
  constructor(bus: Bus, events: IngestEvents, log: Log, ageMs: number) {
    this.#bus = bus;
    this.#ageMs = ageMs;
    this.#events = events;
    this.#announcer = new Announcer(bus);
    this.#watermarks = new Watermarks(bus, log, (tenant, archived) => {
      this.#handle({ type: "watermark", tenant, archived });
    });
    this.#control = new TopicWatch(bus, CONTROL, log, (topic) => {
      this.#handle({ type: "control", ...controlOf(topic) });
    });
  }

  open(call: PushCall): void {
    const stream = this.#nextStream++;
    this.#calls.set(stream, call);
    this.#handle({ type: "opened", stream, tenant: callerOf(call).tenant });
    call.on("data", ({ block, sent }: ingest.PushRequest) => {
      this.#handle({ type: "pushed", stream, bytes: block, pushed: sent, received: wallNow() });
    });
    call.on("drain", () => this.#handle({ type: "drained", stream }));
    call.on("end", () => this.#handle({ type: "half-closed", stream }));
    const aging = this.#age(stream);
    const forget = () => {
      clearTimeout(aging());
      if (this.#calls.delete(stream)) this.#handle({ type: "closed", stream });
    };
    call.on("close", forget);
    call.on("cancelled", forget);
    call.on("error", forget);
  }

  /** What a tenant's running agents and readers of findings are told. */
  control(tenant: string): ingest.Control[] {
    return [...(this.#state.control.get(tenant)?.values() ?? [])];
  }

  /** Says goodbye to all, takes no more, and waits for what the bus has in its hands. */
  async stop(): Promise<void> {
    this.#handle({ type: "stop" });
    await this.#stopped.promise;
    this.#announcer.flush();
    await Promise.all([this.#watermarks.stop(), this.#control.stop()]);
  }

  /** Ends the stream in good time; gives what gives the timer. */
  #age(stream: StreamId): () => NodeJS.Timeout | undefined {
    if (this.#ageMs === 0) return () => undefined;
    const overdue = () => this.#handle({ type: "overdue", stream });
    const aged = () => {
      this.#handle({ type: "aged", stream });
      timer = setTimeout(overdue, LEAVE_WITHIN_MS).unref();
    };
    // Spread, so that those that came together do not go together.
    let timer = setTimeout(aged, this.#ageMs * (0.8 + 0.2 * Math.random())).unref();
    return () => timer;
  }

  #handle(event: Event): void {
    this.#queue.push(event);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      for (const effect of step(this.#state, next)[1]) this.#perform(effect);
    }
    this.#running = false;
    const { inFlight, streams, stopping } = this.#state;
    this.#events.load(inFlight.bytes, streams.size);
    if (stopping && inFlight.blocks === 0) this.#stopped.resolve();
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "publish":
        publish(this.#bus, effect.block, this.#events, (event) => this.#handle(event));
        return;
      case "announce":
        this.#announcer.add(effect.place, effect.block);
        return;
      case "read-watermark":
        void this.#watermarks.read(effect).then((archived) => {
          const { tenant, stream } = effect;
          if (archived !== undefined) this.#handle({ type: "watermark", tenant, archived, stream });
        });
        return;
    }
    const call = this.#calls.get(effect.stream);
    if (call === undefined || call.destroyed) return;
    switch (effect.type) {
      case "answer":
        this.#events.answered(effect.answer);
        if (!call.write({ event: effect.answer }) && call.writableLength > ANSWERS_MAX) {
          this.#handle({ type: "piled-up", stream: effect.stream });
        }
        return;
      case "trust":
        trustConnection(call.getPeer());
        return;
      case "pause":
        call.pause();
        return;
      case "resume":
        call.resume();
        return;
      case "end":
        call.end();
        return;
    }
  }
}
