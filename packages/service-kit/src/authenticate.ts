import type { Metadata } from "@grpc/grpc-js";

/** Who calls, and what they may. */
export interface Caller {
  /** `^[a-z0-9]{1,32}$`. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
}

export type Scope = "ingest" | "read" | "delete" | "admin";

const EVERYTHING: ReadonlySet<Scope> = new Set(["ingest", "read", "delete", "admin"]);

/**
 * The only place where a tenant is named. Until there are keys there is one
 * tenant, and listeners bind loopback unless they are told otherwise.
 */
export function authenticate(_metadata: Metadata): Caller {
  return { tenant: "default", scopes: EVERYTHING };
}
