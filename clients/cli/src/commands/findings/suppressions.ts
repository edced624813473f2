import { connect } from "@wayward/client";
import { isExpired } from "../../expiry.ts";
import { jsonLine } from "../../output/json.ts";
import { formatTable } from "../../output/table.ts";
import { write } from "../../output/write.ts";
import { readStored } from "../../suppressions/stored.ts";
import type { Suppression } from "../../suppressions/suppression.ts";

export interface SuppressionsCommand {
  readonly server?: string;
  readonly json?: boolean;
}

/** `wayward findings suppressions`: which findings are suppressed, and whose suppression has expired. */
export async function suppressions({ server, json }: SuppressionsCommand): Promise<void> {
  const client = connect({ server });
  try {
    const { suppressions: kept, unreadable } = await readStored(client);
    const rows = kept.map((one) => rowOf(one, Date.now()));
    if (json) for (const row of rows) await write(jsonLine(row));
    else if (rows.length === 0) await write("nothing is suppressed\n");
    else
      await write(
        formatTable(
          COLUMNS,
          rows.map((row) => Object.values(row).map((value) => value ?? "-")),
        ),
      );
    for (const [topic, count] of unreadable) {
      process.stderr.write(`${count} of ${topic} cannot be read and ${count === 1 ? "hides" : "hide"} nothing\n`);
    }
  } finally {
    client.close();
  }
}

const COLUMNS = ["FINGERPRINT", "STATE", "EXPIRES", "RULE", "BY", "REASON"].map((title) => ({ title }));

function rowOf({ fingerprint, rule, reason, expires, by }: Suppression, now: number) {
  const state = isExpired(expires, now) ? "expired" : "active";
  return { fingerprint, state, expires: expires ?? null, rule: rule ?? null, by: by ?? null, reason };
}
