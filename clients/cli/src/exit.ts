import type { CodeName } from "@wayward/base";

/** How the command ends; scripts decide by it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  unavailable: 4,
  findings: 5,
  regression: 6,
  /** A configuration that can never work, as in sysexits.h. */
  config: 78,
  interrupted: 130,
} as const;

export function exitCodeFor(code: CodeName): number {
  if (code === "INVALID_ARGUMENT" || code === "OUT_OF_RANGE") return EXIT.usage;
  if (code === "NOT_FOUND") return EXIT.notFound;
  if (code === "UNAVAILABLE") return EXIT.unavailable;
  if (code === "CANCELLED") return EXIT.interrupted;
  return EXIT.failure;
}
