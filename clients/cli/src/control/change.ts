import { WaywardError } from "@wayward/base";
import type { Client } from "@wayward/client";
import { type ControlRule, readRules } from "@wayward/record";

/** A control topic as it stands; revision 0 where nobody has set it. */
export interface TopicRules {
  readonly topic: string;
  readonly revision: bigint;
  readonly rules: readonly ControlRule[];
}

/** Others that change the same topic meanwhile, at most. */
const TRIES = 20;

export async function topicRules(client: Client, topic: string): Promise<TopicRules> {
  const now = (await client.control()).get(topic);
  return { topic, revision: now?.revision ?? 0n, rules: readRules(now?.value ?? "") };
}

/** Changes a topic's rules as they stand: what others change meanwhile stays. Error ABORTED / CHANGED if they never stop. */
export async function changeRules(
  client: Client,
  topic: string,
  change: (rules: readonly ControlRule[]) => ControlRule[],
): Promise<TopicRules> {
  for (let tries = 1; ; tries++) {
    const before = await topicRules(client, topic);
    const rules = change(before.rules);
    try {
      const revision = await client.setControl(topic, JSON.stringify({ rules }), before.revision);
      return { topic, revision, rules };
    } catch (error) {
      const isRaced = error instanceof WaywardError && error.reason === "CHANGED";
      if (!isRaced || tries === TRIES) throw error;
    }
  }
}
