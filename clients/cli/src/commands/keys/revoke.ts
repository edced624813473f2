import { idOf } from "@wayward/access";
import { WaywardError } from "@wayward/base";
import { withoutKeys } from "@wayward/service-kit";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";
import { bad, readKeyFile, replaceText } from "./key-file.ts";
import { factsOf } from "./list.ts";

export interface KeysRevokeCommand {
  readonly file?: string;
  readonly json?: boolean;
}

/**
 * `wayward keys revoke`: takes keys out of the services' file, all or none.
 * The last one stays: services go on with the keys that they know when a file
 * has none, so that a file cut short locks nobody out.
 */
export async function keysRevoke(given: readonly string[], { file, json }: KeysRevokeCommand): Promise<void> {
  const found = readKeyFile(file);
  const { path, text, keys } = found;
  const ids = given.map((one) => idOf(one) ?? one);
  const unknown = ids.find((id) => !keys.some((key) => key.id === id));
  if (unknown !== undefined) throw new WaywardError("NOT_FOUND", "NO_KEY_OF_ID", `${path} has no key ${unknown}`);
  if (keys.every(({ id }) => ids.includes(id))) {
    throw bad("no key would be left, and services keep to those of before then: create another one first");
  }
  replaceText(found, withoutKeys(text, ids));
  for (const key of keys.filter(({ id }) => ids.includes(id))) {
    const facts = factsOf(key, Date.now());
    if (json) await write(jsonLine(facts));
    else await write(`${key.id}${key.name === undefined ? "" : ` (${key.name})`} is revoked\n`);
  }
}
