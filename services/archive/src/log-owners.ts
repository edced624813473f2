import type { Store } from "@wayward/store";
import { LogOwner, type LogPlace } from "./log-owner.ts";

/** Where tenants' keys are. */
const TENANTS = "v1/t/";

/** The logs of one partition, one a tenant, each loaded when it is first needed. */
export class LogOwners {
  readonly #place: Omit<LogPlace, "tenant">;
  readonly #loaded = new Map<string, LogOwner>();

  constructor(place: Omit<LogPlace, "tenant">) {
    this.#place = place;
  }

  async of(tenant: string): Promise<LogOwner> {
    const owner = this.#loaded.get(tenant) ?? (await LogOwner.load({ ...this.#place, tenant }));
    this.#loaded.set(tenant, owner);
    return owner;
  }

  /** Of every tenant that the store knows. */
  async all(): Promise<LogOwner[]> {
    const owners: LogOwner[] = [];
    for (const tenant of await tenantsOf(this.#place.store)) owners.push(await this.of(tenant));
    return owners;
  }
}

/** One listing a tenant: the next one begins behind all keys of the last. */
async function tenantsOf(store: Store): Promise<string[]> {
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
