import type { ClientReadableStream, ServiceError } from "@grpc/grpc-js";
import { type query, selection } from "@wayward/api";
import { fromBase32, WaywardError } from "@wayward/base";
import { BlockMerge } from "./block-merge.ts";
import type { BlockReader } from "./block-reader.ts";
import { failureOf } from "./failure.ts";
import { type ClientRecord, RecordReader } from "./record.ts";

/** Records in order, and what they rest on. Iterate once; stop early by `break`. */
export interface Answer extends AsyncIterable<ClientRecord> {
  /** Known once all records were read. */
  readonly coverage: selection.Coverage | undefined;
  /** Goes on where `limit` ended the answer; empty where nothing is left. */
  readonly pageToken: Uint8Array;
  /** In order of arrival: goes on behind everything read so far, at most a second behind. Empty in order of time. */
  readonly cursor: Uint8Array;
}

/** How an answer is put together from its messages. */
export interface Assembly {
  readonly reverse: boolean;
  readonly inArrival: boolean;
}

/** The answer to a Read. */
export class ReadAnswer implements Answer {
  coverage: selection.Coverage | undefined;
  pageToken: Uint8Array = new Uint8Array(0);
  cursor: Uint8Array = new Uint8Array(0);
  readonly #call: ClientReadableStream<query.ReadResponse>;
  readonly #address: string;
  readonly #assembly: Assembly;

  constructor(call: ClientReadableStream<query.ReadResponse>, address: string, assembly: Assembly) {
    this.#call = call;
    this.#address = address;
    this.#assembly = assembly;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ClientRecord> {
    const rows = new RecordReader();
    let blocks: BlockReader | undefined;
    const merge = new BlockMerge(this.#assembly.reverse);
    for await (const { part, cursor } of messages<query.ReadResponse>(this.#call, this.#address)) {
      if (part?.$case === "rows") yield* rows.read(part.value);
      else if (part?.$case === "blocks") {
        blocks ??= await blockReader();
        for (const block of blocks.read(part.value)) {
          if (!this.#assembly.inArrival) yield* merge.add(block);
          else for (const index of block.order) yield block.record(index);
        }
      } else if (part?.$case === "end") {
        yield* merge.finish();
        this.coverage = withUnknown(part.value.coverage, blocks);
        this.pageToken = part.value.pageToken;
      }
      if (cursor.length > 0) this.cursor = cursor;
    }
    if (this.coverage !== undefined) return;
    throw new WaywardError("DATA_LOSS", "NO_COVERAGE", "the answer stopped before its end");
  }
}

/** Whoever reads rows does not load what decodes blocks. */
async function blockReader(): Promise<BlockReader> {
  const { BlockReader } = await import("./block-reader.ts");
  return new BlockReader();
}

/** The server does not look into blocks that it sends whole: what they lack is found here. */
function withUnknown(
  coverage: selection.Coverage | undefined,
  blocks: BlockReader | undefined,
): selection.Coverage | undefined {
  if (coverage === undefined || blocks === undefined) return coverage;
  const told = new Set(coverage.gaps.map(({ session, cause }) => `${session.toString("hex")}/${cause}`));
  const cause = selection.GapCause.GAP_CAUSE_DICTIONARY;
  const gaps = [...blocks.unknown()].flatMap(([text, names]) => {
    const session = Buffer.from(fromBase32(text) ?? new Uint8Array(16));
    if (told.has(`${session.toString("hex")}/${cause}`)) return [];
    const message = `${names.size} names are unknown because blocks are missing: ${[...names].slice(0, 5).join(", ")}`;
    return [selection.Gap.fromPartial({ session, cause, count: BigInt(names.size), message })];
  });
  return gaps.length === 0 ? coverage : { ...coverage, gaps: [...coverage.gaps, ...gaps], complete: false };
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
