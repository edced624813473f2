import type { selection } from "@wayward/api";
import { connect } from "@wayward/client";
import { expectSessions } from "../output/coverage.ts";
import { jsonLine } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { write } from "../output/write.ts";
import { type SelectionOptions, selectionOf } from "../selection.ts";

export interface KindsCommand extends SelectionOptions {
  readonly server?: string;
  readonly json?: boolean;
}

/** `wayward kinds`: what the selected sessions declared, with counts. */
export async function kinds(options: KindsCommand): Promise<void> {
  const client = connect({ server: options.server });
  try {
    const answer = await client.kinds(selectionOf(options));
    expectSessions(answer.coverage, options.session);
    if (options.json) {
      for (const { kind, count } of answer.kinds) await write(jsonLine({ ...kind, count }));
      return;
    }
    const rows = answer.kinds.map(({ kind, count }) => [
      kind?.name ?? "",
      String(count),
      (kind?.fields ?? []).map(fieldText).join(", "),
    ]);
    if (rows.length === 0) process.stderr.write("no kinds: nothing is recorded, or no session matches\n");
    await write(formatTable([{ title: "KIND" }, { title: "RECORDS", right: true }, { title: "FIELDS" }], rows));
  } finally {
    client.close();
  }
}

function fieldText({ name, type, role, unit }: selection.FieldEntry): string {
  const extra = [role, unit].filter((part) => part !== "").join(" ");
  return extra === "" ? `${name}: ${type}` : `${name}: ${type} (${extra})`;
}
