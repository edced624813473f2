import type { archive } from "@wayward/api";
import type { Envelope } from "@wayward/block";
import type { LogAction, PartitionState } from "@wayward/chunk";

/** A message of the bus, taken apart. */
export interface Incoming {
  /** Session text, from the bus address. */
  readonly session: string;
  readonly id: Buffer;
  /** 0 where the block cannot be read. */
  readonly seq: bigint;
  /** Hex of the block's digest; of an unreadable one's bytes. */
  readonly digest: string;
  readonly envelope: Envelope | undefined;
  readonly bytes: Uint8Array;
  /** Where the block goes if it is put aside. */
  readonly deadLetterKey: string;
}

export interface ArchiveState {
  readonly log: PartitionState;
  /** 16 bytes that tell this process's entries from others'. */
  readonly writer: Buffer;
  task: Task | undefined;
}

export interface Task {
  readonly blocks: readonly Incoming[];
  readonly busSeq: bigint;
  readonly incarnation: string;
  readonly now: bigint;
  action?: LogAction | undefined;
  /** Digests of committed blocks, by identity; "" where the log has no bytes any more. */
  readonly known: Map<string, string>;
  /** Put aside and safe in the store. */
  readonly stored: Set<Incoming>;
  chunk: archive.Chunk | undefined;
  /** The effect whose answer is awaited. */
  last: Effect | undefined;
}

export type Event =
  | { type: "batch"; blocks: readonly Incoming[]; busSeq: bigint; incarnation: string; now: bigint }
  | { type: "append"; action: LogAction; now: bigint }
  | { type: "digests"; known: ReadonlyMap<string, string> }
  | { type: "dead-letters-stored"; blocks: readonly Incoming[] }
  | { type: "chunk-stored"; chunk: archive.Chunk }
  /** What stands under the asked number after the attempt to create it. */
  | { type: "log-entry"; bytes: Uint8Array }
  | { type: "failed" };

export type Effect =
  | { type: "read-digests"; blocks: readonly Incoming[] }
  | { type: "store-dead-letters"; blocks: readonly Incoming[] }
  /** Under a key that no attempt used before. */
  | { type: "store-chunk"; blocks: readonly Incoming[] }
  | { type: "write-log"; n: bigint; bytes: Buffer; commits: readonly Incoming[] }
  | { type: "done"; sessions: readonly string[]; busSeq: bigint; incarnation: string };
