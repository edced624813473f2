import { EXPIRING_PREFIX } from "../names.ts";
import type { Address } from "../port.ts";

/*
 * Messages:       wm.<partition>.<tenant>.<session>   on stream wm-<partition>
 * Announcements:  wma.<channel>                       core only
 * Topics:         wmt.<name, dots for slashes>        on stream wm-topics
 *                 wmw.<name below watermark/>         on stream wm-watermarks, 24 h
 */
export const TOPICS_STREAM = "wm-topics";
export const WATERMARKS_STREAM = "wm-watermarks";
export const TOPICS_SUBJECT = "wmt.>";
export const WATERMARKS_SUBJECT = "wmw.>";

export function streamName(partition: number): string {
  return `wm-${partition}`;
}

export function isPartitionStream(name: string): boolean {
  return /^wm-\d+$/.test(name);
}

/** All messages of a partition. */
export function partitionSubject(partition: number): string {
  return `wm.${partition}.>`;
}

export function messageSubject(partition: number, { tenant, session }: Address): string {
  return `wm.${partition}.${tenant}.${session}`;
}

/** Whose message it is, by its subject. */
export function addressOf(subject: string): Address {
  const [, , tenant = "", session = ""] = subject.split(".");
  return { tenant, session };
}

export function announceSubject(channel: string): string {
  return `wma.${channel}`;
}

/** Where a topic, or all below a prefix, is kept. */
export function topicPlace(name: string): { readonly stream: string; readonly subject: string } {
  if (name === EXPIRING_PREFIX.slice(0, -1)) return { stream: WATERMARKS_STREAM, subject: "wmw" };
  if (name.startsWith(EXPIRING_PREFIX)) {
    const rest = name.slice(EXPIRING_PREFIX.length).replaceAll("/", ".");
    return { stream: WATERMARKS_STREAM, subject: `wmw.${rest}` };
  }
  return { stream: TOPICS_STREAM, subject: `wmt.${name.replaceAll("/", ".")}` };
}

/** A topic's name by its subject. */
export function topicName(subject: string): string {
  const rest = subject.slice(4).replaceAll(".", "/");
  return subject.startsWith("wmw.") ? `${EXPIRING_PREFIX}${rest}` : rest;
}
