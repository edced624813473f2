import { connect } from "@wayward/client";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";
import { dropSuppression } from "../../suppressions/stored.ts";
import { parseFingerprint } from "../../suppressions/suppression.ts";

export interface UnsuppressCommand {
  readonly server?: string;
  readonly json?: boolean;
}

/** `wayward findings unsuppress`: takes a suppression back. Error NO_SUPPRESSION. */
export async function unsuppress(text: string, { server, json }: UnsuppressCommand): Promise<void> {
  const fingerprint = parseFingerprint(text);
  const client = connect({ server });
  try {
    const { topic, revision } = await dropSuppression(client, fingerprint);
    await write(json ? jsonLine({ topic, revision, fingerprint }) : `${fingerprint} is no longer suppressed\n`);
  } finally {
    client.close();
  }
}
