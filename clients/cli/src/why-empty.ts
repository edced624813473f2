import type { Client } from "@wayward/client";
import { type SelectionOptions, selectionOf } from "./selection.ts";
import { unknownNames } from "./unknown-names.ts";

/** Says on stderr which names of a question nothing has that the chosen sessions recorded. */
export async function tellUnknownNames(
  client: Client,
  options: SelectionOptions & { readonly by?: string[]; readonly measure?: string },
): Promise<void> {
  const { kind: kinds, where, by, measure } = options;
  if ([kinds, where, by, measure].every((part) => part === undefined)) return;
  const answer = await client.kinds(selectionOf(options));
  const declared = answer.kinds.flatMap(({ kind }) => (kind === undefined ? [] : [kind]));
  for (const sentence of unknownNames({ kinds, where, by, measure }, declared)) process.stderr.write(`${sentence}\n`);
}
