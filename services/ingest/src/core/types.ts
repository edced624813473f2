import type { ingest } from "@wayward/api";
import type { Credit } from "./credit.ts";
import type { DeletedSessions } from "./deleted.ts";
import type { Followers, StreamId } from "./followers.ts";

export type Answer = NonNullable<ingest.PushResponse["event"]>;

/** A block on its way to the bus. */
export interface Pushed {
  readonly stream: StreamId;
  readonly tenant: string;
  /** 16 bytes, and as text. */
  readonly session: Buffer;
  readonly sessionText: string;
  readonly seq: bigint;
  /** The block's own checksum. */
  readonly crc32: number;
  /** As they came; the bus gets these. */
  readonly bytes: Uint8Array;
  /** The pusher's send time, in nanoseconds of its session's clock. */
  readonly pushed: bigint;
  /** The server's receive time, in nanoseconds since 1970. */
  readonly received: bigint;
}

/** Where the bus put a block. */
export interface Place {
  readonly partition: number;
  readonly incarnation: string;
  readonly busSeq: bigint;
}

export interface StreamState {
  readonly tenant: string;
  /** Sessions whose watermarks this stream hears, in the order of their first block. */
  readonly sessions: Set<string>;
  /** Sessions whose watermark changed while answers were piled up. */
  readonly missed: Set<string>;
  /** Control topics that changed meanwhile. */
  readonly missedControl: Set<string>;
  credit: Credit;
  reading: boolean;
  /** More answers wait than the pusher reads. */
  piledUp: boolean;
  /** A valid block came. */
  trusted: boolean;
  /** No more blocks come; answers still go. */
  halfClosed: boolean;
  /** The goodbye was long ago: no more blocks are taken. */
  overdue: boolean;
  ended: boolean;
}

/** All that the push streams of a process share. Nothing of it outlives the process. */
export interface IngestState {
  readonly streams: Map<StreamId, StreamState>;
  /** Who hears of which session of which tenant. */
  readonly followers: Followers;
  readonly deleted: DeletedSessions;
  /** What running agents are told: by tenant, then by topic. */
  readonly control: Map<string, Map<string, ingest.Control>>;
  /** On their way to the bus, of open and of closed streams. */
  inFlight: Credit;
  stopping: boolean;
}

export type Event =
  | { readonly type: "opened"; readonly stream: StreamId; readonly tenant: string }
  | {
      readonly type: "pushed";
      readonly stream: StreamId;
      readonly bytes: Uint8Array;
      readonly pushed: bigint;
      readonly received: bigint;
    }
  | { readonly type: "stored"; readonly block: Pushed; readonly place: Place; readonly now: bigint }
  | { readonly type: "not-stored"; readonly block: Pushed; readonly message: string }
  /** For one stream where it asked, else for all that follow. */
  | {
      readonly type: "watermark";
      readonly tenant: string;
      readonly archived: ingest.Archived;
      readonly stream?: StreamId;
    }
  | { readonly type: "control"; readonly tenant: string; readonly control: ingest.Control }
  | { readonly type: "piled-up" | "drained" | "half-closed" | "closed"; readonly stream: StreamId }
  /** It is old enough to go elsewhere; it was told so, and has had its time. */
  | { readonly type: "aged" | "overdue"; readonly stream: StreamId }
  | { readonly type: "stop" };

export type Effect =
  | { readonly type: "answer"; readonly stream: StreamId; readonly answer: Answer }
  /** Answered by `stored` or `not-stored`, once. */
  | { readonly type: "publish"; readonly block: Pushed }
  | { readonly type: "announce"; readonly block: Pushed; readonly place: Place }
  /** Answered by `watermark` for this stream if there is one. */
  | { readonly type: "read-watermark"; readonly stream: StreamId; readonly tenant: string; readonly session: string }
  /** The connection has shown a valid block and may have its full window. */
  | { readonly type: "trust"; readonly stream: StreamId }
  | { readonly type: "pause" | "resume" | "end"; readonly stream: StreamId };
