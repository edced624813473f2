import { unwrap } from "@wayward/base";
import { errorFacts, type Log } from "../log.ts";
import { type Keys, parseKeys } from "./keys.ts";
import { readAll, WatchedFiles } from "./watched-files.ts";

/** The keys that hold now. */
export interface KeySource {
  readonly keys: Keys;
  close(): void;
}

/** The keys of a file, read again when it changes. One that is wrong then changes nothing, and is told. Throws BAD_CONFIG and what the file system throws. */
export function openKeyFile(path: string, log: Log): KeySource {
  const first = readAll([path]);
  const read = ([bytes]: readonly Buffer[]) => unwrap(parseKeys(String(bytes)));
  const source = { keys: read(first), close: () => files.close() };
  const files = new WatchedFiles([path], first, {
    changed: (bytes) => {
      source.keys = read(bytes);
      log.info("the keys were read again", { keys: source.keys.size });
    },
    failed: (error) => log.error("the keys cannot be read again; those from before hold", errorFacts(error)),
  });
  return source;
}
