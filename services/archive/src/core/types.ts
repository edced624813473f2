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
  /** Found to be damaged inside when a chunk was to be made of them. */
  readonly unreadable: Set<Incoming>;
  readonly tally: Tally;
  chunk: archive.Chunk | undefined;
  /** The effect whose answer is awaited. */
  last: Effect | undefined;
}

/** What became of a batch's blocks; the others of it were copies or unwanted. */
export interface Tally {
  committed: number;
  /** Of committed blocks. */
  bytes: number;
  readonly aside: Incoming[];
}

export type Event =
  | { type: "batch"; blocks: readonly Incoming[]; busSeq: bigint; incarnation: string; now: bigint }
  | { type: "append"; action: LogAction; now: bigint }
  | { type: "digests"; known: ReadonlyMap<string, string> }
  | { type: "dead-letters-stored"; blocks: readonly Incoming[] }
  /** No chunk could be made, because of these. */
  | { type: "unreadable"; blocks: readonly Incoming[] }
  | { type: "chunk-stored"; chunk: archive.Chunk }
  /** What stands under the asked number after the attempt to create it. */
  | { type: "log-entry"; bytes: Uint8Array }
  | { type: "failed" };

export interface WriteLog {
  readonly type: "write-log";
  readonly n: bigint;
  readonly bytes: Buffer;
  /** Blocks that the entry commits. */
  readonly commits: readonly Incoming[];
  /** Blocks that the entry puts aside. */
  readonly aside: readonly Incoming[];
}

export type Effect =
  | { type: "read-digests"; blocks: readonly Incoming[] }
  | { type: "store-dead-letters"; blocks: readonly Incoming[] }
  /** Under a key that no attempt used before. */
  | { type: "store-chunk"; blocks: readonly Incoming[] }
  | WriteLog
  /** `sessions`: the batch's readable blocks, by session. */
  | {
      type: "done";
      sessions: ReadonlyMap<string, readonly Incoming[]>;
      busSeq: bigint;
      incarnation: string;
      tally: Tally;
    };
