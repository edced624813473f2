/** What a pusher is told, and what it wants done. */

interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

export type PushEvent =
  /** A block is in the spool. */
  | { readonly type: "found"; readonly session: string; readonly seq: bigint; readonly bytes: number }
  /** The session's last block is known; nothing follows it. */
  | { readonly type: "ended"; readonly session: string; readonly lastSeq: bigint }
  | { readonly type: "connected" }
  | { readonly type: "disconnected" }
  | { readonly type: "credit"; readonly blocks: number; readonly bytes: number }
  | {
      readonly type: "ack";
      readonly session: string;
      readonly seq: bigint;
      readonly incarnation: string;
      readonly busSeq: bigint;
      readonly partition: number;
      readonly nowMs: number;
    }
  | { readonly type: "refused"; readonly session: string; readonly seq: bigint; readonly reason: string }
  | { readonly type: "retry"; readonly session: string; readonly seq: bigint; readonly untilMs: number }
  | {
      readonly type: "archived";
      readonly session: string;
      readonly partition: number;
      readonly incarnation: string;
      readonly busSeq: bigint;
      readonly ranges: readonly Range[];
      readonly deleted: boolean;
    }
  /** The block is no longer in the spool: another pusher has released it. */
  | { readonly type: "gone"; readonly session: string; readonly seq: bigint }
  | { readonly type: "tick"; readonly nowMs: number };

export type PushEffect =
  | { readonly type: "send"; readonly session: string; readonly seq: bigint }
  /** The block is in the archive, or may go for want of room. */
  | { readonly type: "release"; readonly session: string; readonly seq: bigint }
  /** The server can never take it. */
  | { readonly type: "set-aside"; readonly session: string; readonly seq: bigint; readonly reason: string }
  /** Everything up to this seq was accepted or set aside. */
  | { readonly type: "accepted"; readonly session: string; readonly upTo: bigint }
  /** All of the session is in the archive or set aside, or the session was deleted: its folder goes. */
  | { readonly type: "discard"; readonly session: string; readonly deleted: boolean };
