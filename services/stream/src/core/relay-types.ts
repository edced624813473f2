import type { Envelope } from "@wayward/block";

/** A block as the bus has it, or may have it. */
export interface Relayed {
  readonly tenant: string;
  /** As text. */
  readonly session: string;
  readonly envelope: Envelope;
}

/** Where ingest says that the bus has put a block. */
export interface Named {
  readonly busSeq: bigint;
  /** `<session as text>/<seq>`. */
  readonly key: string;
  /** The block's own checksum. */
  readonly crc32: number;
}

/** A block that was heard and that nobody has said to be stored. */
interface Held {
  /** Undefined where two different blocks claimed the key: the stream decides which one it has. */
  block: Relayed | undefined;
  readonly bytes: number;
  readonly heardMs: number;
  asked: boolean;
}

/** What the relay knows of one partition. */
export interface RelayState {
  /** Creation of the bus that all sequences belong to; empty before the first bounds. */
  incarnation: string;
  /** Every bus sequence up to it was accepted, or told to be lost. */
  upTo: bigint;
  /** Accepted ones beyond it. */
  readonly beyond: Set<bigint>;
  /** The last bus sequence that is known to be stored. */
  last: bigint;
  readonly held: Map<string, Held>;
  heldBytes: number;
  readonly heldBytesMax: number;
  /** What was accepted lately, both ways. */
  readonly recent: Map<bigint, string>;
  readonly recentKeys: Map<string, bigint>;
  /** The bus seems to have forgotten what it had: it is read anew from its first message. */
  suspect: boolean;
  reading: boolean;
  readAfterMs: number;
  /** Since when the bus has had more than was read, and up to where it was. */
  behindSinceMs: number | undefined;
  behindAt: bigint;
  asking: boolean;
  /** The next tick asks for the bounds. */
  wantsBounds: boolean;
  askedMs: number;
  /** `upTo` when the bounds were asked for: an answer below it means that the bus went back. */
  askedUpTo: bigint;
}

export type RelayEvent =
  /** From the core subscription: may never be stored. */
  | { readonly type: "heard"; readonly block: Relayed; readonly now: number }
  /** From ingest: is stored. May be lost, late or twice. */
  | {
      readonly type: "announced";
      readonly incarnation: string;
      readonly blocks: readonly Named[];
      readonly now: number;
    }
  | {
      readonly type: "bounds";
      readonly incarnation: string;
      readonly first: bigint;
      readonly last: bigint;
      readonly now: number;
    }
  | { readonly type: "bounds-failed" }
  /** From the stream itself, in order; `block` is undefined where it cannot be read. */
  | { readonly type: "read"; readonly busSeq: bigint; readonly block: Relayed | undefined; readonly now: number }
  | { readonly type: "read-ended"; readonly failed: boolean; readonly now: number }
  | { readonly type: "tick"; readonly now: number };

export type RelayEffect =
  /** The block is ACCEPTED. Each bus sequence once, in any order; after `restarted` again from the first one. */
  | { readonly type: "accept"; readonly block: Relayed }
  /** The bus has them no more and nobody saw them: they are in the archive. */
  | { readonly type: "lost"; readonly first: bigint; readonly last: bigint }
  /** The bus was made anew, or went back: sequences begin again. */
  | { readonly type: "restarted" }
  /** Answered by `bounds` or `bounds-failed`. */
  | { readonly type: "ask" }
  /** Answered by any number of `read`, then `read-ended`. */
  | { readonly type: "read"; readonly from: bigint }
  | { readonly type: "stop-reading" };
