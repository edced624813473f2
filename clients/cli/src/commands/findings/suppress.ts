import { connect } from "@wayward/client";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";
import { storeSuppression } from "../../suppressions/stored.ts";
import { parseSuppression, type SuppressionOptions } from "../../suppressions/suppression.ts";

export interface SuppressCommand extends SuppressionOptions {
  readonly server?: string;
  readonly json?: boolean;
}

/** `wayward findings suppress`: leaves a finding out for everybody who asks this server. */
export async function suppress(fingerprint: string, options: SuppressCommand): Promise<void> {
  const suppression = parseSuppression(fingerprint, options, Date.now());
  const client = connect({ server: options.server });
  try {
    const { topic, revision } = await storeSuppression(client, suppression);
    const { rule = null, reason, expires = null, by = null } = suppression;
    if (options.json) await write(jsonLine({ topic, revision, fingerprint, rule, reason, expires, by }));
    else await write(`${fingerprint} is suppressed${expires === null ? "" : ` until ${expires}`}\n`);
  } finally {
    client.close();
  }
}
