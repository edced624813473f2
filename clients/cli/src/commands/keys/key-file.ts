import {
  appendFileSync,
  chmodSync,
  chownSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { unwrap, WaywardError } from "@wayward/base";
import { type Key, parseKeys } from "@wayward/service-kit";

/** The services' file of keys as it is now. */
export interface KeyFile {
  readonly path: string;
  readonly text: string;
  readonly keys: readonly Key[];
}

/** Throws BAD_OPTION where it cannot be read or is none of keys. */
export function readKeyFile(file: string | undefined): KeyFile {
  const path = named(file);
  return about(path, () => {
    const text = readFileSync(path, "utf8");
    return { path, text, keys: unwrap(parseKeys(text)).all() };
  });
}

/** Appends, so that whoever reads meanwhile sees the other keys; makes the file if it is not there. Throws BAD_OPTION where it is none of keys. */
export function addLine(file: string | undefined, line: string): void {
  const path = named(file, ", which is made if it is not there");
  about(path, () => {
    const before = textOf(path);
    if (before.trim() !== "") unwrap(parseKeys(before));
    appendFileSync(path, before === "" || before.endsWith("\n") ? line : `\n${line}`, { mode: 0o600 });
  });
}

/**
 * Replaces what was read at once, since a service that read half of it would
 * refuse the keys of the other half. Owner and mode stay. Throws BAD_OPTION
 * where somebody has added a key since.
 */
export function replaceText({ path, text: before }: KeyFile, text: string): void {
  about(path, () => {
    const real = realpathSync(path);
    const { mode, uid, gid } = statSync(real);
    const next = `${real}.${process.pid}`;
    writeFileSync(next, text, { mode: 0o600 });
    chownSync(next, uid, gid);
    chmodSync(next, mode);
    if (readFileSync(real, "utf8") !== before) {
      rmSync(next);
      throw bad("it has changed meanwhile: try again");
    }
    renameSync(next, real);
  });
}

function named(file: string | undefined, more = ""): string {
  if (file !== undefined) return file;
  throw bad(`--file is missing: the services' file of keys${more}`);
}

/** What goes wrong is told of the file. */
function about<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const what = error instanceof WaywardError ? error.message : `${(error as NodeJS.ErrnoException).code ?? error}`;
    throw bad(`--file ${path}: ${what}`);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Error of usage: what a person has given is wrong. */
export function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", message);
}
