import { createHash, randomBytes, randomInt } from "node:crypto";

/**
 * A key is `wayward_<id>_<secret>`: the id may be shown and stands in logs,
 * the secret never. It is drawn at random, so a plain SHA-256 keeps it: there
 * is nothing to guess.
 */
const KEY = /^wayward_([a-z0-9]{8})_[A-Za-z0-9_-]{32,128}$/;
const ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 8;
const SECRET_BYTES = 30;

/** The call's header that holds the key, as `Bearer <key>`. */
export const HEADER = "authorization";

export function makeKey(): string {
  const id = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join("");
  return `wayward_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
}

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** What of a key may be shown; undefined where it is none. */
export function idOf(key: string): string | undefined {
  return KEY.exec(key)?.[1];
}

/** 32 bytes. */
export function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** A key's line in the services' file of keys, which knows it by its hash. What a scope allows the services know. */
export function keyLine(
  key: string,
  scopes: readonly string[],
  more: { readonly until?: string; readonly name?: string } = {},
): string {
  const rest = Object.entries(more).map(([name, value]) => ` ${name}=${value}`);
  return `${idOf(key)} ${scopes.join(",")} sha256:${hashOf(key).toString("hex")}${rest.join("")}\n`;
}

/** The header's value of a key, and back. */
export function bearerOf(key: string): string {
  return `Bearer ${key}`;
}
