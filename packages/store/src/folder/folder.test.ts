import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore } from "../contract.ts";
import { openFolderStore } from "./store.ts";

describeStore("folder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-store-"));
  return {
    store: await openFolderStore(folder),
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
