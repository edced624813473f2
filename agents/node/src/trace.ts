/** W3C trace context of a request. */
export interface Trace {
  /** 16 bytes. */
  readonly traceId: Uint8Array;
  /** 8 bytes. */
  readonly spanId: Uint8Array;
  readonly sampled: boolean;
}

const HEADER = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** Reads a `traceparent` header; undefined if it is not one, or its ids are zero. */
export function parseTraceparent(header: string | undefined): Trace | undefined {
  if (typeof header !== "string") return undefined;
  const [, trace = "", span = "", flags = ""] = HEADER.exec(header.trim()) ?? [];
  if (trace === "" || /^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return {
    traceId: Buffer.from(trace, "hex"),
    spanId: Buffer.from(span, "hex"),
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}

/** The `traceparent` header of a trace. */
export function formatTraceparent({ traceId, spanId, sampled }: Trace): string {
  return `00-${Buffer.from(traceId).toString("hex")}-${Buffer.from(spanId).toString("hex")}-${sampled ? "01" : "00"}`;
}
