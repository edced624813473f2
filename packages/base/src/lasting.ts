/** Reasons that no second try changes: a service ends by them, with 78. */
const LASTING: ReadonlySet<string> = new Set([
  "BUS_DENIED",
  "BUS_MISCONFIGURED",
  "BUS_NOT_DURABLE",
  "BUS_TOO_OLD",
  "BUS_TOO_SMALL",
  "LAYOUT_MISMATCH",
  "STORE_DENIED",
  "STORE_EMPTY",
  "STORE_NOT_CONDITIONAL",
]);

/** True if only another configuration of the service, its bus or its store helps. */
export function isLasting(reason: string): boolean {
  return LASTING.has(reason);
}
