import { assert } from "@wayward/base";
import type { Address } from "./port.ts";

const TENANT = /^[a-z0-9]{1,32}$/;
const SESSION = /^[0-9a-v]{26}$/;
const CHANNEL = /^[a-z0-9-]{1,64}$/;
const TOPIC = /^[a-z0-9-]+(\/[a-z0-9-]+){0,3}$/;

/** Values of a topic go 24 hours after their last change below this prefix. */
export const EXPIRING_PREFIX = "watermark/";
export const EXPIRE_AFTER_MS = 24 * 3600 * 1000;
const TOPIC_BYTES_MAX = 64 * 1024;

/** Addresses, channels and topics are made by this program only, so wrong ones are its mistakes. */
export function checkAddress({ tenant, session }: Address): void {
  assert(TENANT.test(tenant) && SESSION.test(session), `"${tenant}.${session}" is an address`);
}

export function checkChannel(channel: string): void {
  assert(CHANNEL.test(channel), `"${channel}" is a channel`);
}

export function checkTopic(name: string, value?: Uint8Array): void {
  assert(TOPIC.test(name) && name.length <= 200, `"${name}" is a topic`);
  assert(
    value === undefined || value.length <= TOPIC_BYTES_MAX,
    `topic ${name} holds at most ${TOPIC_BYTES_MAX} bytes`,
  );
}
