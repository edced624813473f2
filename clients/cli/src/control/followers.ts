import { query } from "@wayward/api";
import { createDeferred, delay } from "@wayward/base";
import type { Client, ClientRecord } from "@wayward/client";
import { controlApplied, sessionText } from "@wayward/record";
import type { RuleAddress } from "./rules.ts";

/** A session that runs now. */
export interface Running {
  readonly session: string;
  readonly name: string;
  readonly host: string;
  /** Its agent follows control topics. */
  readonly follows: boolean;
}

/** What a session has applied last. */
export interface Applied {
  readonly revision: bigint;
  /** Nanoseconds since 1970. */
  readonly at: bigint;
}

/** Agents that follow control topics, by what their sessions' descriptions say. */
const FOLLOWING = /^wayward-node\//;

/** The open sessions that the address names. Error NOT_FOUND / NO_SESSION where an id is unknown. */
export async function runningSessions(client: Client, { name, session }: RuleAddress): Promise<Running[]> {
  if (session !== undefined) await client.session(session);
  const running: Running[] = [];
  const asked = session === undefined ? {} : { sessions: [session] };
  for await (const found of client.find(asked, undefined, [query.SessionState.SESSION_STATE_OPEN])) {
    const { name: named = "", host = "", agent = "" } = found.description ?? {};
    if (name !== undefined && name !== named) continue;
    running.push({ session: sessionText(found.session), name: named, host, follows: FOLLOWING.test(agent) });
  }
  return running;
}

/** The revision that a record says was applied; undefined if it is about another topic. */
export function appliedIn(record: ClientRecord, topic: string): Applied | undefined {
  const { topic: named, revision } = record.fields;
  if (record.kind !== controlApplied.name || named !== topic) return undefined;
  return { revision: BigInt(String(revision)), at: record.aligned };
}

/** Hears live which sessions apply a topic. */
export class Follow {
  readonly #client: Client;
  readonly #topic: string;
  readonly #stop = new AbortController();
  readonly #applied = new Map<string, Applied>();
  #heard = createDeferred<void>();
  #watching: Promise<void> | undefined;

  constructor(client: Client, topic: string) {
    this.#client = client;
    this.#topic = topic;
  }

  /** Resolves once everything that happens from now on will be heard. */
  async begin(): Promise<void> {
    const live = createDeferred<void>();
    this.#watching = this.#watch(() => live.resolve());
    await Promise.race([live.promise, this.#watching]);
  }

  /** Waits until all have applied this revision or a later one, at most so long; gives what each has applied. */
  async until(sessions: readonly string[], revision: bigint, withinMs: number): Promise<ReadonlyMap<string, Applied>> {
    const late = new AbortController();
    const timeout = delay(withinMs, late.signal);
    let isLate = false;
    void timeout.then(() => {
      isLate = true;
    });
    const isMissing = (session: string) => (this.#applied.get(session)?.revision ?? -1n) < revision;
    while (!isLate && sessions.some(isMissing)) {
      this.#heard = createDeferred<void>();
      await Promise.race([this.#heard.promise, timeout]);
    }
    late.abort();
    return new Map([...this.#applied].filter(([, applied]) => applied.revision >= revision));
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#watching?.catch(() => {});
  }

  async #watch(live: () => void): Promise<void> {
    const options = { kinds: [controlApplied.name], start: "now", signal: this.#stop.signal } as const;
    for await (const seen of this.#client.watch(options)) {
      if (seen.type === "live") live();
      if (seen.type !== "record") continue;
      const applied = appliedIn(seen.record, this.#topic);
      if (applied === undefined) continue;
      this.#applied.set(seen.record.session, applied);
      this.#heard.resolve();
    }
  }
}
