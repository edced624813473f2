import type { Key } from "@wayward/service-kit";
import { jsonLine } from "../../output/json.ts";
import { formatTable } from "../../output/table.ts";
import { write } from "../../output/write.ts";
import { readKeyFile } from "./key-file.ts";

export interface KeysListCommand {
  readonly file?: string;
  readonly json?: boolean;
}

const COLUMNS = ["ID", "STATE", "UNTIL", "SCOPES", "NAME"].map((title) => ({ title }));

/** `wayward keys list`: whom the services let in, by their file; never a key, which is nowhere. */
export async function keysList({ file, json }: KeysListCommand): Promise<void> {
  const rows = readKeyFile(file).keys.map((key) => factsOf(key, Date.now()));
  if (json) for (const row of rows) await write(jsonLine(row));
  else await write(formatTable(COLUMNS, rows.map(cells)));
}

/** What may be shown of a key. */
export function factsOf({ id, scopes, untilMs, name }: Key, nowMs: number) {
  return {
    id,
    state: nowMs < untilMs ? "active" : "expired",
    until: Number.isFinite(untilMs) ? new Date(untilMs).toISOString().replace(".000Z", "Z") : null,
    scopes: [...scopes],
    name: name ?? null,
  };
}

function cells({ id, state, until, scopes, name }: ReturnType<typeof factsOf>): string[] {
  return [id, state, until ?? "-", scopes.join(","), name ?? "-"];
}
