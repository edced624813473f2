import { connect } from "@wayward/client";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";

export interface DeleteCommand {
  readonly server?: string;
  readonly json?: boolean;
  readonly force: boolean;
}

/** `wayward delete`: one after the other; the first that fails ends it. */
export async function deleteSessions(ids: readonly string[], options: DeleteCommand): Promise<void> {
  const client = connect({ server: options.server });
  try {
    for (const id of ids) {
      const { logNumber } = await client.delete(id, options.force);
      await write(options.json ? jsonLine({ session: id, log_number: logNumber }) : `${id} deleted\n`);
    }
  } finally {
    client.close();
  }
}
