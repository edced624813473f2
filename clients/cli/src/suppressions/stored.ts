import { WaywardError } from "@wayward/base";
import type { Client } from "@wayward/client";
import { CONTROL_BYTES_MAX, type ControlRule, readRules, SUPPRESSIONS_TOPIC } from "@wayward/record";
import { changeRules, type TopicRules } from "../control/change.ts";
import { readSuppression, type Suppression, topicOf } from "./suppression.ts";

/** What the server keeps of suppressions. */
export interface Stored {
  /** By fingerprint. */
  readonly suppressions: readonly Suppression[];
  /** Entries that are none, by topic: they hide nothing. */
  readonly unreadable: ReadonlyMap<string, number>;
}

export async function readStored(client: Client): Promise<Stored> {
  const suppressions: Suppression[] = [];
  const unreadable = new Map<string, number>();
  for (const [topic, { value }] of await client.control()) {
    if (!topic.startsWith(SUPPRESSIONS_TOPIC)) continue;
    const rules = readRules(value);
    const read = rules.map(readSuppression).filter((one) => one !== undefined);
    if (read.length < rules.length) unreadable.set(topic, rules.length - read.length);
    suppressions.push(...read);
  }
  return { suppressions: suppressions.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)), unreadable };
}

/** Keeps a suppression, in place of one of the same finding. Error SUPPRESSIONS_FULL. */
export function storeSuppression(client: Client, suppression: Suppression): Promise<TopicRules> {
  const { fingerprint } = suppression;
  const topic = topicOf(fingerprint);
  return changeRules(client, topic, (before) => {
    const rules = [...without(before, fingerprint), { ...suppression }];
    if (Buffer.byteLength(JSON.stringify({ rules })) > CONTROL_BYTES_MAX) throw full(topic, before.length);
    return rules;
  });
}

/** Takes a suppression back. Error NO_SUPPRESSION. */
export function dropSuppression(client: Client, fingerprint: string): Promise<TopicRules> {
  return changeRules(client, topicOf(fingerprint), (before) => {
    const rules = without(before, fingerprint);
    if (rules.length < before.length) return rules;
    const message = `no finding ${fingerprint} is suppressed; \`wayward findings suppressions\` lists those that are`;
    throw new WaywardError("NOT_FOUND", "NO_SUPPRESSION", message);
  });
}

function without(rules: readonly ControlRule[], fingerprint: string): ControlRule[] {
  return rules.filter((rule) => rule.fingerprint !== fingerprint);
}

function full(topic: string, held: number): WaywardError {
  const message =
    `${topic} holds ${held} suppressions and has no room in ${CONTROL_BYTES_MAX} bytes for one more: ` +
    `take back with \`wayward findings unsuppress\` what begins with ${topic.slice(-1)} and has expired or is repaired`;
  return new WaywardError("RESOURCE_EXHAUSTED", "SUPPRESSIONS_FULL", message);
}
