/**
 * The canonical codes of gRPC, by their numbers in grpc/doc/statuscodes.md.
 */
export const Code = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type CodeName = keyof typeof Code;

/** What a message says beside its text: the subject, the value got and the limit it broke. */
export interface ErrorFacts {
  readonly subject?: string;
  readonly got?: string | number | bigint;
  readonly limit?: string | number | bigint;
}

/**
 * The fault of a caller or a peer. Programmer's faults are assertions and
 * stop the process; loss under load is data and never an error.
 *
 * `reason` is stable, upper-case and documented in docs/errors.md; programs
 * decide by it, people read the message.
 */
export class WaywardError extends Error {
  override readonly name = "WaywardError";
  readonly code: CodeName;
  readonly reason: string;
  readonly facts: ErrorFacts;

  constructor(code: CodeName, reason: string, message: string, options: { cause?: unknown; facts?: ErrorFacts } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.facts = options.facts ?? {};
  }

  /** Turns anything that was thrown into a WaywardError; its own kind passes unchanged. */
  static from(thrown: unknown): WaywardError {
    if (thrown instanceof WaywardError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new WaywardError("UNKNOWN", "UNEXPECTED", message, { cause: thrown });
  }
}

/** A value, or the reason why there is none. For input that may be wrong without anyone being at fault. */
export type Result<T> = { readonly value: T; readonly error?: undefined } | { readonly error: WaywardError };

export function ok<T>(value: T): Result<T> {
  return { value };
}

export function fail(code: CodeName, reason: string, message: string, facts: ErrorFacts = {}): { error: WaywardError } {
  return { error: new WaywardError(code, reason, message, { facts }) };
}

/** The value of a result; throws its error. */
export function unwrap<T>(result: Result<T>): T {
  if (result.error !== undefined) throw result.error;
  return result.value;
}
