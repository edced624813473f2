import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import type { query, selection } from "@wayward/api";
import { WaywardError } from "@wayward/base";
import { failureOf } from "./failure.ts";
import { type ClientRecord, RecordReader } from "./record.ts";

/** Records in order, and what they rest on. Iterate once; stop early by `break`. */
export interface Answer extends AsyncIterable<ClientRecord> {
  /** Known once all records were read. */
  readonly coverage: selection.Coverage | undefined;
  /** Goes on where `limit` ended the answer; empty where nothing is left. */
  readonly pageToken: Uint8Array;
}

/** The answer to a Read. */
export class ReadAnswer implements Answer {
  coverage: selection.Coverage | undefined;
  pageToken: Uint8Array = new Uint8Array(0);
  readonly #call: ClientReadableStream<query.ReadResponse>;
  readonly #address: string;

  constructor(call: ClientReadableStream<query.ReadResponse>, address: string) {
    this.#call = call;
    this.#address = address;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClientRecord> {
    const reader = new RecordReader();
    for await (const { part } of messages<query.ReadResponse>(this.#call, this.#address)) {
      if (part?.$case === "rows") yield* reader.read(part.value);
      else if (part?.$case === "end") {
        this.coverage = part.value.coverage;
        this.pageToken = part.value.pageToken;
      }
    }
    if (this.coverage !== undefined) return;
    throw new WaywardError("DATA_LOSS", "NO_COVERAGE", "the answer stopped before its end");
  }
}

/** The messages of a stream; what grpc throws becomes a WaywardError, and leaving the loop cancels the call. */
export async function* messages<T>(call: ClientReadableStream<T>, address: string): AsyncGenerator<T> {
  try {
    for await (const message of call) yield message as T;
  } catch (error) {
    throw isServiceError(error) ? failureOf(error, address) : error;
  } finally {
    call.cancel();
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return typeof error === "object" && error !== null && "code" in error && "metadata" in error;
}
