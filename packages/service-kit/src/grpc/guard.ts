import type { Metadata, ServiceDefinition, StatusObject, UntypedServiceImplementation } from "@grpc/grpc-js";
import { WaywardError } from "@wayward/base";
import {
  authenticate,
  type Caller,
  checkPermission,
  expiredError,
  goneError,
  REFUSALS,
} from "../access/authenticate.ts";
import type { KeySource } from "../access/key-file.ts";
import type { Key } from "../access/keys.ts";
import { type Permission, permissionOf } from "../access/permissions.ts";
import { errorFacts, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { Seldom } from "../seldom.ts";
import { statusOf } from "./status.ts";

/** What all sorts of calls have. */
interface Call {
  readonly metadata: Metadata;
  getPeer(): string;
  emit(event: "error", error: Error): boolean;
  on(event: "close" | "cancelled" | "error", listener: () => void): unknown;
}
type Callback = (error: Partial<StatusObject>) => void;
type Handler = (call: Call, callback?: Callback) => void;

/** How often running streams are looked at whose key may have gone or expired. */
const LOOK_MS = 1_000;

/** Who was let in, by the metadata of the call. */
const admitted = new WeakMap<Metadata, Caller>();

/** Who calls, as the guard has found. Throws where no guard has looked: nobody is let in by mistake. */
export function callerOf({ metadata }: { readonly metadata: Metadata }): Caller {
  const caller = admitted.get(metadata);
  if (caller === undefined) throw new Error("a call has come past the guard");
  return caller;
}

/** Stands before every method of a server: lets in by key and permission, and ends streams whose key goes. */
export class Guard {
  readonly #source: KeySource | undefined;
  readonly #log: Log;
  readonly #refused: ReturnType<Metrics["counter"]> | undefined;
  readonly #streams = new Map<Call, Key>();
  /** Who knocks without a key does so often. */
  readonly #logged = new Seldom();
  #looking: NodeJS.Timeout | undefined;

  constructor(source: KeySource | undefined, log: Log, metrics: Metrics | undefined) {
    this.#source = source;
    this.#log = log;
    this.#refused = metrics === undefined ? undefined : refusals(metrics);
    if (source !== undefined) this.#looking = setInterval(() => this.#endGone(source), LOOK_MS).unref();
  }

  /** The same service behind the guard. Throws for a method that nobody has given a permission. */
  protect(definition: ServiceDefinition, implementation: UntypedServiceImplementation): UntypedServiceImplementation {
    const guarded = Object.entries(definition).flatMap(([name, { path, requestStream, responseStream }]) => {
      const permission = permissionOf(path);
      if (permission === undefined) throw new Error(`${path} has no row in permissions.ts`);
      const handler = implementation[name] as unknown as Handler | undefined;
      if (handler === undefined) return [];
      return [[name, this.#before(handler, path, permission, requestStream || responseStream)]];
    });
    return Object.fromEntries(guarded);
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #before(handler: Handler, path: string, permission: Permission, isStream: boolean): Handler {
    return (call, callback) => {
      try {
        const caller = this.#admit(call.metadata, permission, path);
        admitted.set(call.metadata, caller);
        if (isStream && caller.key !== undefined) this.#follow(call, caller.key);
      } catch (error) {
        this.#tell(error, path, call.getPeer());
        refuse(call, callback, error);
        return;
      }
      handler(call, callback);
    };
  }

  #admit(metadata: Metadata, permission: Permission, path: string): Caller {
    const keys = permission === "everyone" ? undefined : this.#source?.keys;
    const caller = authenticate(metadata, keys, Date.now());
    checkPermission(caller, permission, path.slice(path.lastIndexOf("/") + 1));
    return caller;
  }

  #follow(call: Call, key: Key): void {
    this.#streams.set(call, key);
    const forget = () => void this.#streams.delete(call);
    for (const event of ["close", "cancelled", "error"] as const) call.on(event, forget);
  }

  #endGone(source: KeySource): void {
    const nowMs = Date.now();
    for (const [call, key] of this.#streams) {
      if (source.keys.has(key, nowMs)) continue;
      this.#streams.delete(call);
      refuse(call, undefined, nowMs < key.untilMs ? goneError(key) : expiredError(key));
    }
  }

  #tell(error: unknown, path: string, peer: string): void {
    const { reason } = WaywardError.from(error);
    this.#refused?.inc({ reason });
    const since = this.#logged.next(reason, performance.now());
    if (since === undefined) return;
    const more = since === 0 ? {} : { sinceLastLine: since };
    this.#log.warn("a call was refused", { path, peer, ...errorFacts(error), ...more });
  }
}

function refusals(metrics: Metrics) {
  const counter = metrics.counter("wayward_refused_calls_total", "Calls that were not let in, by reason", ["reason"]);
  // The first refusal is an increase too, and can be one only from 0.
  for (const reason of REFUSALS) counter.inc({ reason }, 0);
  return counter;
}

function refuse(call: Call, callback: Callback | undefined, error: unknown): void {
  const told = statusOf(error);
  if (callback !== undefined) callback(told);
  // grpc-js takes the status from this event; a destroyed stream would never send it.
  else call.emit("error", Object.assign(new Error("call refused"), told));
}
