import { readdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "./folder.ts";
import { bootId, processStart } from "./process.ts";

/** Who writes a spool. */
export interface Owner {
  readonly pid: number;
  /** Start of that process in clock ticks since boot; empty where nobody can tell. */
  readonly start: string;
  readonly boot: string;
  /** Inode of its pid namespace: pids compare only inside one. */
  readonly namespace: string;
  readonly generation: number;
}

/** An owner file that nobody touched for so long is abandoned, where its process cannot be looked up. */
export const ABANDONED_AFTER_MS = 60_000;

/** A writer that has not touched its file for so long looks for a newer owner before it appends. */
export const LOOK_AGAIN_AFTER_MS = 30_000;

/** This process as an owner. */
function selfAsOwner(generation: number): Owner {
  return { pid: process.pid, start: processStart(process.pid), boot: bootId(), namespace: pidNamespace(), generation };
}

function fileName(generation: number): string {
  return generation === 0 ? "owner" : `owner.${generation}`;
}

/** Takes the spool, if no other has this generation. */
export function claim(folder: string, generation: number): boolean {
  try {
    writeFileSync(join(folder, fileName(generation)), JSON.stringify(selfAsOwner(generation)), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Says that the owner lives. */
export function touch(folder: string, generation: number): void {
  const now = new Date();
  utimesSync(join(folder, fileName(generation)), now, now);
}

/** The newest generation of owners; -1 if there is none. Throws if the folder cannot be read. */
export function newestGeneration(folder: string): number {
  let generation = -1;
  for (const name of readdirSync(folder)) {
    const match = /^owner(?:\.(\d+))?$/.exec(name);
    if (match !== null) generation = Math.max(generation, Number(match[1] ?? 0));
  }
  return generation;
}

/** The newest owner, and when it was last touched by the file system's clock; undefined if there is none. */
export function readOwner(folder: string): { readonly owner: Owner; readonly touchedMs: number } | undefined {
  const generation = newestGeneration(folder);
  if (generation < 0) return undefined;
  const path = join(folder, fileName(generation));
  try {
    const owner = JSON.parse(readFileSync(path, "utf8")) as Owner;
    return { owner: { ...owner, generation }, touchedMs: statSync(path).mtimeMs };
  } catch {
    // Half written: its writer is at it, or died there; the time it was touched decides.
    const unknown = { pid: 0, start: "", boot: "", namespace: "", generation };
    return { owner: unknown, touchedMs: statSync(path).mtimeMs };
  }
}

/** True if this process is the owner. */
export function isSelf(owner: Owner): boolean {
  const self = selfAsOwner(0);
  return (
    owner.pid === self.pid &&
    owner.start === self.start &&
    owner.boot === self.boot &&
    owner.namespace === self.namespace
  );
}

/** Proven alive, proven dead, or not to be told by looking at processes. */
export function judge(owner: Owner): "alive" | "dead" | "unknown" {
  const self = selfAsOwner(0);
  if (owner.boot === "" || self.boot === "") return "unknown";
  if (owner.boot !== self.boot) return "dead";
  if (owner.namespace !== self.namespace || owner.namespace === "") return "unknown";
  const start = processStart(owner.pid);
  return start !== "" && start === owner.start ? "alive" : "dead";
}

function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}
