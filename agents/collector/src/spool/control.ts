import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WaywardError } from "@wayward/base";
import { CONTROL } from "./layout.ts";

/** What a control topic says. */
export interface ControlValue {
  /** The server's number of this value; another where it has changed. */
  readonly revision: bigint;
  readonly value: string;
}

/** The last value of each control topic. */
export type ControlValues = ReadonlyMap<string, ControlValue>;

/**
 * Bytes of the file with all topics that agents are told, 16 KiB each at most
 * (CONTROL_BYTES_MAX of @wayward/record). A larger one is refused when it is
 * written and not read where somebody else made it: agents hold it in memory.
 */
const CONTROL_FILE_BYTES_MAX = 1024 * 1024;

/**
 * Keeps a control value for all agents that write below this root. Throws
 * RESOURCE_EXHAUSTED / CONTROL_FULL where the file would be too large, and
 * what the file system throws: then the values before stay.
 */
export function writeControl(root: string, topic: string, revision: bigint, value: Uint8Array): void {
  const values = new Map(readControl(root));
  values.set(topic, { revision, value: Buffer.from(value).toString("utf8") });
  const path = join(root, CONTROL);
  const draft = `${path}.${process.pid}`;
  const text = JSON.stringify(Object.fromEntries(Array.from(values, written)));
  const size = Buffer.byteLength(text);
  if (size > CONTROL_FILE_BYTES_MAX) {
    const message = `${path} would have ${size} bytes with topic ${topic}, at most ${CONTROL_FILE_BYTES_MAX}`;
    throw new WaywardError("RESOURCE_EXHAUSTED", "CONTROL_FULL", message);
  }
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

/** What the server wants of the agents that write below this root; empty where nobody has said anything readable. */
export function readControl(root: string): ControlValues {
  try {
    const path = join(root, CONTROL);
    if (statSync(path).size > CONTROL_FILE_BYTES_MAX) return new Map();
    const values: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof values !== "object" || values === null) return new Map();
    return new Map(Object.entries(values).flatMap(readEntry));
  } catch {
    return new Map();
  }
}

/** Changes whenever `readControl` may give something else; empty if there is no control file. */
export function controlVersion(root: string): string {
  try {
    // Often asked and seldom there: an error is not made for each look.
    const file = statSync(join(root, CONTROL), { throwIfNoEntry: false });
    return file === undefined ? "" : `${file.mtimeMs}/${file.ino}`;
  } catch {
    return "";
  }
}

/** 64 bits do not fit a number of JSON. */
function written([topic, { revision, value }]: [string, ControlValue]): [string, object] {
  return [topic, { revision: String(revision), value }];
}

function readEntry([topic, entry]: [string, unknown]): [string, ControlValue][] {
  if (typeof entry !== "object" || entry === null || !("revision" in entry) || !("value" in entry)) return [];
  const { revision, value } = entry;
  if (typeof value !== "string" || typeof revision !== "string" || !/^\d{1,20}$/.test(revision)) return [];
  return [[topic, { revision: BigInt(revision), value }]];
}
