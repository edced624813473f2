import type { Store } from "@wayward/store";

/** Where tenants' keys are. */
const TENANTS = "v1/t/";

/** The tenants that the store knows, by one listing each: the next one begins behind all keys of the last. */
export async function tenantsOf(store: Store): Promise<string[]> {
  const tenants: string[] = [];
  for (let after = ""; ; ) {
    const tenant = await firstTenant(store, after);
    if (tenant === undefined) return tenants;
    tenants.push(tenant);
    // "0" is the character after the slash.
    after = `${TENANTS}${tenant}0`;
  }
}

async function firstTenant(store: Store, after: string): Promise<string | undefined> {
  for await (const { key } of store.list(TENANTS, after)) return key.slice(TENANTS.length).split("/")[0];
  return undefined;
}
