import { WaywardError } from "@wayward/base";
import type { Client, ClientFinding } from "@wayward/client";
import { isExpired } from "../expiry.ts";
import { readStored } from "./stored.ts";
import type { Suppression } from "./suppression.ts";

/** A finding's suppression as it stands now. */
export interface Standing extends Suppression {
  /** It no longer counts. */
  readonly expired: boolean;
}

/** The suppressions that somebody asks by, at one time. */
export class Suppressions {
  readonly #suppressions: readonly Suppression[];
  readonly #byFingerprint: ReadonlyMap<string, Suppression>;
  readonly #now: number;

  /** `now` in milliseconds since 1970. */
  constructor(suppressions: readonly Suppression[], now: number) {
    this.#suppressions = suppressions;
    this.#byFingerprint = new Map(suppressions.map((one) => [one.fingerprint, one]));
    this.#now = now;
  }

  /** The same at a later time. */
  at(now: number): Suppressions {
    return new Suppressions(this.#suppressions, now);
  }

  /** A finding's suppression, also one that has expired. */
  of({ rule, fingerprint }: Pick<ClientFinding, "rule" | "fingerprint">): Standing | undefined {
    const found = this.#byFingerprint.get(fingerprint);
    if (found === undefined || (found.rule !== undefined && found.rule !== rule)) return undefined;
    return { ...found, expired: isExpired(found.expires, this.#now) };
  }
}

/** Failures to read suppressions that must not keep findings from who asks for them. */
const TOLERATED = ["UNAVAILABLE", "UNIMPLEMENTED", "PERMISSION_DENIED"];

/**
 * The server's suppressions. Where it does not tell them, those of `before`;
 * without such none, and a line on stderr says so.
 */
export async function knownSuppressions(client: Client, before?: Suppressions): Promise<Suppressions> {
  try {
    const { suppressions } = await readStored(client);
    return new Suppressions(suppressions, Date.now());
  } catch (error) {
    if (!(error instanceof WaywardError) || !TOLERATED.includes(error.code)) throw error;
    if (before !== undefined) return before.at(Date.now());
    process.stderr.write(`suppressions cannot be read, so none counts: ${error.message}\n`);
    return new Suppressions([], Date.now());
  }
}
