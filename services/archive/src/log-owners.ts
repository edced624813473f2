import { LogOwner, type LogPlace } from "./log-owner.ts";
import { tenantsOf } from "./tenants.ts";

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
