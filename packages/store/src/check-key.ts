import { assert } from "@wayward/base";

const KEY = /^[a-z0-9_-][a-z0-9._-]*(\/[a-z0-9_-][a-z0-9._-]*)*$/;
const KEY_BYTES_MAX = 512;

/** Keys are made by this program only, so a wrong one is its mistake. */
export function checkKey(key: string): void {
  assert(key.length <= KEY_BYTES_MAX && KEY.test(key), `"${key.slice(0, 100)}" is a store key`);
}
