import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SessionId, sessionText } from "@wayward/record";

/** Where finished blocks go. Throws if the block could not be kept. */
export interface Sink {
  append(seq: bigint, bytes: Uint8Array): void;
}

/** One file a block, `<root>/<session>/<seq>.block`; a name without `.tmp` is always a whole block. */
export class FolderSink implements Sink {
  readonly folder: string;

  constructor(root: string, session: SessionId) {
    this.folder = join(root, sessionText(session));
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  append(seq: bigint, bytes: Uint8Array): void {
    const path = join(this.folder, `${String(seq).padStart(12, "0")}.block`);
    writeFileSync(`${path}.tmp`, bytes, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }
}
