import { fileURLToPath } from "node:url";
import { fail, hideLogin, ok, type Result, unwrap, WaywardError } from "@wayward/base";
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
  const bad = (why: string) => {
    return fail("INVALID_ARGUMENT", "BAD_STORE_URL", `store URL: ${why}`, {
      subject: "store URL",
      got: hideLogin(text),
    });
  };
  const url = URL.parse(text);
  if (url === null) return bad("not a URL such as file:///folder or s3://bucket");
  if (url.protocol === "file:")
    return url.host === "" ? folderOf(url, bad) : bad(`host is ${url.host}, none is needed`);
  if (url.protocol !== "s3:") return bad(`scheme is ${url.protocol}, known are file: and s3:`);
  if (url.username !== "" || url.password !== "") return bad("credentials belong into the environment");
  if (url.host === "") return bad("the bucket is missing");
  const region = url.searchParams.get("region") ?? "";
  const given = url.searchParams.get("endpoint") ?? "";
  const place: StorePlace = { type: "s3", bucket: url.host, ...(region === "" ? {} : { region }) };
  if (given === "") return ok(place);
  const endpoint = URL.parse(given);
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) return bad("endpoint is no URL of http: or https:");
  if (endpoint.username !== "" || endpoint.password !== "") return bad("credentials belong into the environment");
  return ok({ ...place, endpoint: given });
}

function folderOf(url: URL, bad: (why: string) => Result<StorePlace>): Result<StorePlace> {
  try {
    return ok({ type: "folder", folder: fileURLToPath(url) });
  } catch (error) {
    return bad(error instanceof Error ? error.message : String(error));
  }
}

/** Opens the store and proves that it is fit. Throws STORE_NOT_CONDITIONAL, STORE_UNUSABLE, NO_BUCKET … */
export async function openStore(url: string): Promise<Store> {
  const place = unwrap(parseStoreUrl(url));
  const store = place.type === "folder" ? await openFolderStore(place.folder) : await openS3(place);
  try {
    await testStore(store);
  } catch (error) {
    await store.close();
    throw isFull(error) ? fullError(store, error) : error;
  }
  return store;
}

function isFull(error: unknown): error is WaywardError {
  return error instanceof WaywardError && error.reason === "STORE_FULL";
}

/** Nothing can be proven where nothing fits: whoever has to make the room is told where. */
function fullError({ name }: Store, cause: WaywardError): WaywardError {
  const message = `store ${name} has no room to start with, some 100 KiB are needed: ${cause.message}`;
  return new WaywardError(cause.code, cause.reason, message, { cause });
}

/** The SDK takes 150 ms to load: only who needs it pays. */
async function openS3(place: Extract<StorePlace, { type: "s3" }>): Promise<Store> {
  const { openS3Store } = await import("./s3/store.ts");
  return openS3Store(place);
}
