import { assert } from "@wayward/base";
import type { Address } from "./port.ts";

const TENANT = /^[a-z0-9]{1,32}$/;
const SESSION = /^[0-9a-v]{26}$/;
const CHANNEL = /^[a-z0-9-]{1,64}$/;
const TOPIC = /^[a-z0-9-]+(\/[a-z0-9-]+){0,3}$/;

/*
 * What services say to each other by name. One that gives another name than
 * the others, as in a rolling update, is not heard.
 */

/** Topics `watermark/<tenant>/<session>` of what the archive has: the archiver and deletions set them, ingest watches. */
export const WATERMARKS = "watermark";

/** Topics `control/<tenant>/<name>` of what agents and readers of findings are told: ingest sets them, the archiver mirrors them. */
export const CONTROL = "control";

/** The topic of what the archive has of a session. */
export function watermarkTopic({ tenant, session }: Address): string {
  return `${WATERMARKS}/${tenant}/${session}`;
}

/** Channel on which ingest announces what of a partition it has acknowledged, and stream hears it. */
export function acceptedChannel(partition: number): string {
  return `accepted-${partition}`;
}

/** Values of a topic go 24 hours after their last change below this prefix. */
export const EXPIRING_PREFIX = `${WATERMARKS}/`;
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
