import type { ReportedFinding } from "@wayward/analysis";
import type { WaywardError } from "@wayward/base";

/** What of an error passes from thread to thread: its class does not. */
type Failure = Pick<WaywardError, "code" | "reason" | "message">;

/** What a thread is told; `run` names one time of analysing a partition. */
export type ToAnalyst =
  | { readonly type: "open"; readonly run: number; readonly longWaitMs: number | undefined }
  /** A serialised BlockBatch, as an observer gets it. Answered by `taken` or `failed`. */
  | { readonly type: "blocks"; readonly run: number; readonly bytes: Uint8Array }
  | { readonly type: "close"; readonly run: number };

export type FromAnalyst =
  | { readonly type: "taken"; readonly run: number; readonly bytes: number }
  /** Nothing more of this run is analysed. */
  | { readonly type: "failed"; readonly run: number; readonly error: Failure }
  | { readonly type: "found"; readonly finding: ReportedFinding }
  /** What matters to other sessions, serialised. */
  | { readonly type: "shared"; readonly body: Uint8Array }
  /** For the log. */
  | { readonly type: "warned"; readonly message: string; readonly facts: Readonly<Record<string, unknown>> };
