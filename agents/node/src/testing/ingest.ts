import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { ingest } from "@wayward/api";
import { type Envelope, parseEnvelope } from "@wayward/block";

type Call = ServerDuplexStream<ingest.PushRequest, ingest.PushResponse>;
type Answer = NonNullable<ingest.PushResponse["event"]>;

export interface IngestOptions {
  /** Reason to refuse a block; undefined takes it. */
  readonly refuses?: (envelope: Envelope) => ingest.Reason | undefined;
  /** Blocks that may be on their way at a time. Default 64. */
  readonly blocks?: number;
  /** Says of every block at once that it is archived. */
  readonly archives?: boolean;
  /** Said to every pusher that connects. */
  readonly control?: () => ingest.Control | undefined;
}

/** A gRPC server that speaks the ingest protocol, for answers that a real one gives only in trouble or not yet. */
export class IngestServer {
  readonly taken: Envelope[] = [];
  readonly #server = new Server();
  readonly #options: IngestOptions;
  readonly #calls = new Set<Call>();

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#server.addService(ingest.IngestServiceService, {
      push: (call: Call) => this.#open(call),
      startSession: (_: unknown, answer: (error: Error) => void) => answer(new Error("not here")),
    });
  }

  /** Tells the address. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      ),
    );
  }

  /** Says it to every pusher that is connected. */
  say(control: ingest.Control): void {
    for (const call of this.#calls) call.write({ event: { $case: "control", value: control } });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #open(call: Call): void {
    this.#calls.add(call);
    call.on("end", () => call.end());
    call.on("close", () => this.#calls.delete(call));
    call.on("error", () => this.#calls.delete(call));
    const say = (event: Answer) => call.write({ event });
    say({ $case: "credit", value: { blocks: this.#options.blocks ?? 64, bytes: 16 * 1024 * 1024 } });
    const control = this.#options.control?.();
    if (control !== undefined) say({ $case: "control", value: control });
    call.on("data", ({ block }: ingest.PushRequest) => {
      if (block.length === 0) return;
      const answer = this.#answer(block);
      say(answer);
      if (answer.$case === "ack" && this.#options.archives) say(this.#archived(answer.value));
    });
  }

  #archived({ session, partition, incarnation, busSeq }: ingest.Ack): Answer {
    const own = this.taken.filter(({ header }) => header.session.equals(session));
    const ranges = own.map(({ header: { seq } }) => ({ first: seq, last: seq }));
    const value = { session, partition, incarnation, committedBusSeq: busSeq, ranges, deleted: false };
    return { $case: "archived", value };
  }

  #answer(block: Uint8Array): Answer {
    const parsed = parseEnvelope(block);
    if (parsed.error !== undefined) throw parsed.error;
    const { session, seq } = parsed.value.header;
    const reason = this.#options.refuses?.(parsed.value);
    if (reason !== undefined) return { $case: "refused", value: { session, seq, reason, message: "by the test" } };
    this.taken.push(parsed.value);
    const busSeq = BigInt(this.taken.length);
    const times = { pushed: 0n, received: 0n, sent: 0n };
    return { $case: "ack", value: { session, seq, partition: 0, incarnation: "1", busSeq, ...times } };
  }
}
