import { WaywardError } from "@wayward/base";
import type { Topics } from "./port.ts";

/** Topic that holds the number of partitions, in decimal digits. */
const TOPIC = "layout/partitions";

/**
 * Fixes the number of partitions in a new bus, checks it in others: who
 * counts otherwise puts sessions where nobody looks for them. Throws
 * LAYOUT_MISMATCH.
 */
export async function ensureLayout(topics: Topics, partitions: number): Promise<void> {
  const made = await topics.set(TOPIC, Buffer.from(String(partitions)), 0n);
  if (made !== "changed") return;
  const inForce = Buffer.from((await topics.get(TOPIC))?.value ?? "").toString();
  if (inForce === String(partitions)) return;
  const message = `the bus is laid out for ${inForce} partitions, configured are ${partitions} (WAYWARD_PARTITIONS)`;
  throw new WaywardError("FAILED_PRECONDITION", "LAYOUT_MISMATCH", message, {
    facts: { subject: "partitions", got: partitions, limit: inForce },
  });
}
