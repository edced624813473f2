import { linkSync, renameSync, unlinkSync } from "node:fs";
import { codeOf } from "./folder.ts";

/** Gives a draft its name, but never another file's: writer and adopter may make the same number. Throws EEXIST then, and the draft stays. */
export function place(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    // Some file systems have one name for a file only.
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(codeOf(error) ?? "")) throw error;
    renameSync(draft, path);
    return;
  }
  unlinkSync(draft);
}
