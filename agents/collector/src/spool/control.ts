import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CONTROL } from "./layout.ts";

/** The last value of each control topic, as text. */
export type ControlValues = ReadonlyMap<string, string>;

/** Control values are small settings; the bus takes no larger one. */
const CONTROL_BYTES_MAX = 1024 * 1024;

/** Keeps a control value for all agents that write below this root. Throws what the file system throws. */
export function writeControl(root: string, topic: string, value: Uint8Array): void {
  const values = new Map(readControl(root));
  values.set(topic, Buffer.from(value).toString("utf8"));
  const path = join(root, CONTROL);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(Object.fromEntries(values)), { mode: 0o600 });
  renameSync(draft, path);
}

/** What the server wants of the agents that write below this root; empty where nobody has said anything readable. */
export function readControl(root: string): ControlValues {
  try {
    const path = join(root, CONTROL);
    if (statSync(path).size > CONTROL_BYTES_MAX) return new Map();
    const values: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof values !== "object" || values === null) return new Map();
    return new Map(Object.entries(values).map(([topic, value]) => [topic, String(value)]));
  } catch {
    return new Map();
  }
}

/** Changes whenever `readControl` may give something else; empty if there is no control file. */
export function controlVersion(root: string): string {
  try {
    const { mtimeMs, ino } = statSync(join(root, CONTROL));
    return `${mtimeMs}/${ino}`;
  } catch {
    return "";
  }
}
