import { hideLogin, WaywardError } from "@wayward/base";
import type { Finding } from "./finding.ts";

const FIXES: Readonly<Record<string, string>> = {
  BAD_STORE_URL: "correct --store or WAYWARD_STORE",
  NO_BUCKET: "make the bucket, or correct its name in WAYWARD_STORE",
  STORE_DENIED: "check the credentials (AWS_ACCESS_KEY_ID …) and the bucket's policy",
  STORE_FULL: "give the store room: a quota or a volume is full",
  STORE_NOT_CONDITIONAL: "use a store with conditional writes (If-None-Match, If-Match)",
};

/** Opens the store as a service does at its start: it must keep its conditional writes apart. Leaves nothing in it. */
export async function storeFinding(url: string): Promise<Finding> {
  const hop = "store";
  const { openStore } = await import("@wayward/store");
  try {
    const store = await openStore(url);
    await store.close();
    return { hop, ok: true, what: `${store.name} takes, gives and keeps conditional writes apart` };
  } catch (error) {
    const { reason, message } = WaywardError.from(error);
    const fix = FIXES[reason] ?? "look whether the store runs and is reached from here";
    return { hop, ok: false, what: `${hideLogin(message)} [${reason}]`, fix };
  }
}
