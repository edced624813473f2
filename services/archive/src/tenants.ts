import { type Store, TENANTS_PREFIX, tenantPrefix } from "@wayward/store";

/** The tenants that the store knows, by one listing each: the next one begins behind all keys of the last. */
export async function tenantsOf(store: Store): Promise<string[]> {
  const tenants: string[] = [];
  for (let after = ""; ; ) {
    const tenant = await firstTenant(store, after);
    if (tenant === undefined) return tenants;
    tenants.push(tenant);
    // "0" is the character after the slash.
    after = tenantPrefix(tenant).replace(/\/$/, "0");
  }
}

async function firstTenant(store: Store, after: string): Promise<string | undefined> {
  for await (const { key } of store.list(TENANTS_PREFIX, after)) return key.slice(TENANTS_PREFIX.length).split("/")[0];
  return undefined;
}
