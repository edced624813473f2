import { fileURLToPath } from "node:url";
import { fail, ok, type Result, unwrap } from "@wayward/base";
import { openFolderStore } from "./folder/store.ts";
import type { Store } from "./port.ts";
import { testStore } from "./self-test.ts";

/** What a store's URL says. */
export type StorePlace =
  | { readonly type: "folder"; readonly folder: string }
  | { readonly type: "s3"; readonly bucket: string; readonly endpoint?: string; readonly region?: string };

/**
 * Reads `file:///folder` or `s3://bucket?endpoint=http://host:port&region=name`.
 * Error INVALID_ARGUMENT / BAD_STORE_URL. Credentials are never in it.
 */
export function parseStoreUrl(text: string): Result<StorePlace> {
  const bad = (why: string) => fail("INVALID_ARGUMENT", "BAD_STORE_URL", `store URL "${text.slice(0, 200)}": ${why}`);
  if (!URL.canParse(text)) return bad("not a URL; give file:///folder or s3://bucket");
  const url = new URL(text);
  if (url.protocol === "file:") return ok({ type: "folder", folder: fileURLToPath(url) });
  if (url.protocol !== "s3:") return bad(`scheme is ${url.protocol}, known are file: and s3:`);
  if (url.username !== "" || url.password !== "") return bad("credentials belong into the environment");
  if (url.host === "") return bad("the bucket is missing");
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !URL.canParse(endpoint)) return bad(`endpoint "${endpoint}" is not a URL`);
  const region = url.searchParams.get("region") ?? undefined;
  return ok({ type: "s3", bucket: url.host, ...(endpoint ? { endpoint } : {}), ...(region ? { region } : {}) });
}

/** Opens the store and proves that it is fit. Throws STORE_NOT_CONDITIONAL, STORE_UNUSABLE, NO_BUCKET … */
export async function openStore(url: string): Promise<Store> {
  const place = unwrap(parseStoreUrl(url));
  const store = place.type === "folder" ? await openFolderStore(place.folder) : await openS3(place);
  try {
    await testStore(store);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** The SDK takes 150 ms to load: only who needs it pays. */
async function openS3(place: Extract<StorePlace, { type: "s3" }>): Promise<Store> {
  const { openS3Store } = await import("./s3/store.ts");
  return openS3Store(place);
}
