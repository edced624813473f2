import { once } from "node:events";
import type { handleServerStreamingCall, handleUnaryCall, ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import { WaywardError } from "@wayward/base";
import type { Caller } from "../access/authenticate.ts";
import { errorFacts, type Log } from "../log.ts";
import { callerOf } from "./guard.ts";
import { statusOf } from "./status.ts";

/** What a handler knows of its call. */
export interface CallContext {
  readonly caller: Caller;
  /** Aborted when the caller has gone or the deadline has passed. A call without end watches its part's stop too. */
  readonly signal: AbortSignal;
}

/** A call with one answer. */
export function unary<Request, Response>(
  log: Log,
  handle: (request: Request, context: CallContext) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => {
      let context: CallContext | undefined;
      try {
        context = contextOf(call);
        callback(null, await handle(call.request, context));
      } catch (error) {
        if (!context?.signal.aborted) logUnexpected(log, call.getPath(), error);
        callback(statusOf(error));
      }
    })();
  };
}

/** A call with a stream of answers, written as fast as the caller reads. */
export function serverStream<Request, Response>(
  log: Log,
  handle: (request: Request, context: CallContext) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    void (async () => {
      const context = contextOf(call);
      try {
        for await (const message of handle(call.request, context)) {
          if (context.signal.aborted) break;
          if (!call.write(message)) await drained(call, context.signal);
        }
        call.end();
      } catch (error) {
        if (!context.signal.aborted) logUnexpected(log, call.getPath(), error);
        // grpc-js takes the status from this event; a destroyed stream would never send it.
        call.emit("error", Object.assign(new Error("call failed"), statusOf(error)));
      }
    })();
  };
}

async function drained(
  call: ServerWritableStream<never, never> | NodeJS.EventEmitter,
  signal: AbortSignal,
): Promise<void> {
  try {
    await once(call as NodeJS.EventEmitter, "drain", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function contextOf(
  call: ServerUnaryCall<never, never> | ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>,
): CallContext {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  if ("write" in call) for (const event of ["close", "error"]) call.on(event, () => gone.abort());
  return { caller: callerOf(call), signal: gone.signal };
}

/** A caller's fault is the caller's to know; ours goes to the log too. */
function logUnexpected(log: Log, path: string, error: unknown): void {
  if (error instanceof WaywardError && error.code !== "INTERNAL" && error.code !== "UNKNOWN") return;
  log.error("call failed", { path, ...errorFacts(error), stack: error instanceof Error ? error.stack : undefined });
}
