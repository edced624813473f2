import type { WaywardError } from "@wayward/base";
import type { AnalysisResult } from "../result.ts";
import type { SessionFacts } from "../session-analysis.ts";

/** Each message is answered by one. */
export type ToWorker =
  | { readonly type: "begin"; readonly facts: SessionFacts; readonly definitions: readonly Uint8Array[] }
  | { readonly type: "block"; readonly bytes: Uint8Array }
  | { readonly type: "finish" };

/** What of an error passes from thread to thread: its class does not. */
export type Failure = Pick<WaywardError, "code" | "reason" | "message">;

export type FromWorker =
  | { readonly type: "done" }
  | { readonly type: "result"; readonly result: AnalysisResult }
  | { readonly type: "failed"; readonly error: Failure };
