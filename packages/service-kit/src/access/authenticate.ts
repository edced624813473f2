import type { Metadata } from "@grpc/grpc-js";
import { HEADER } from "@wayward/access";
import { WaywardError } from "@wayward/base";
import type { Key, Keys } from "./keys.ts";
import { type Permission, SCOPES, type Scope } from "./permissions.ts";

/** Who calls, and what they may. */
export interface Caller {
  /** `^[a-z0-9]{1,32}$`. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Undefined where no keys are asked for. */
  readonly key: Key | undefined;
}

const EVERYTHING: ReadonlySet<Scope> = new Set(SCOPES);
/** The only tenant there is. */
const TENANT = "default";

/** Why a call is refused, for logs and counts. */
export const REFUSALS = ["NO_KEY", "BAD_KEY", "KEY_EXPIRED", "NOT_ALLOWED"] as const;

/**
 * The only place where a tenant is named. Without keys everyone may do
 * everything. Throws NO_KEY, BAD_KEY, KEY_EXPIRED.
 */
export function authenticate(metadata: Metadata, keys: Keys | undefined, nowMs: number): Caller {
  if (keys === undefined) return { tenant: TENANT, scopes: EVERYTHING, key: undefined };
  const key = keyIn(metadata.get(HEADER)[0]?.toString(), keys, nowMs);
  return { tenant: TENANT, scopes: key.scopes, key };
}

/** The key that the header's value tells. Throws NO_KEY, BAD_KEY, KEY_EXPIRED. */
export function keyIn(header: string | undefined, keys: Keys, nowMs: number): Key {
  const text = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  if (text === undefined) {
    const message = "no key was given: name one in WAYWARD_KEY or WAYWARD_KEY_FILE";
    throw new WaywardError("UNAUTHENTICATED", "NO_KEY", message);
  }
  const key = keys.find(text);
  if (key === undefined) {
    const message = "the key is not known here: look whether it was replaced, or belongs to another installation";
    throw new WaywardError("UNAUTHENTICATED", "BAD_KEY", message);
  }
  if (nowMs < key.untilMs) return key;
  throw expiredError(key);
}

export function expiredError({ id }: Key): WaywardError {
  const message = `key ${id} has expired: ask for another one`;
  return new WaywardError("UNAUTHENTICATED", "KEY_EXPIRED", message, { facts: { subject: id } });
}

/** Of a key that was let in before. */
export function goneError({ id }: Key): WaywardError {
  const message = `key ${id} is no longer known here: ask for another one`;
  return new WaywardError("UNAUTHENTICATED", "BAD_KEY", message, { facts: { subject: id } });
}

/** Throws NOT_ALLOWED. */
export function checkPermission({ scopes, key }: Caller, permission: Permission, method: string): void {
  if (typeof permission === "string" || permission.some((scope) => scopes.has(scope))) return;
  const needed = permission.join(" or ");
  const message = `${method} needs a key with the scope ${needed}; ${key?.id ?? "this one"} has ${[...scopes].join(", ")}`;
  throw new WaywardError("PERMISSION_DENIED", "NOT_ALLOWED", message, { facts: { subject: method, limit: needed } });
}
