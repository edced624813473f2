import { type block as api, selection } from "@wayward/api";
import { partitionOf } from "@wayward/bus";
import type { RangeSet } from "@wayward/chunk";
import type { Catalogue, SessionTest } from "@wayward/reader";
import type { Relayed } from "./core/relay-types.ts";
import type { LogView } from "./log-view.ts";
import { type Followed, ObservedSession } from "./observed.ts";
import type { Place } from "./place.ts";

/** Sessions that were found not to be chosen; the one found longest ago is asked for again. About 10 MB. */
const IGNORED_MAX = 100_000;

/** What a follower asks. */
export interface FollowSource {
  readonly catalogue: Catalogue;
  readonly log: LogView;
  readonly partitions: number;
  readonly tenant: string;
}

/** The sessions of one observation: those it follows, and those it has found not to be chosen. */
export class Follower {
  /** Those that may speak: what is over or quiet, and in the log, is forgotten. */
  readonly sessions = new Map<string, ObservedSession>();
  readonly #source: FollowSource;
  readonly #chosen: SessionTest;
  readonly #form: selection.Form;
  /** Selectors look at what never changes, so a session is asked for once. */
  readonly #ignored = new Set<string>();

  constructor(source: FollowSource, chosen: SessionTest, form: selection.Form) {
    this.#source = source;
    this.#chosen = chosen;
    this.#form = form;
  }

  /** Begins to follow a session of which the observer has `sent`. */
  add(view: Followed, sent: RangeSet): ObservedSession {
    const observed = new ObservedSession(view, sent, this.#form === selection.Form.FORM_BLOCKS);
    this.sessions.set(view.text, observed);
    return observed;
  }

  /** The observer has all that the log has of it, up to the cursor's number: should it speak again, the log tells which blocks those are. */
  forget(text: string): void {
    this.sessions.delete(text);
  }

  /** False for what is not this observer's, or is known to have reached it. */
  wants({ tenant, session, envelope }: Relayed): boolean {
    if (tenant !== this.#source.tenant || this.#ignored.has(session)) return false;
    const known = this.sessions.get(session);
    return known === undefined || !(known.gone || known.order.sent.has(envelope.header.seq));
  }

  /** A session that came up, again or for the first time, if it is chosen and not deleted. */
  async follow(
    { text, id, description }: Omit<Followed, "partition">,
    place: Place,
  ): Promise<ObservedSession | undefined> {
    if (this.#ignored.has(text)) return undefined;
    const partition = partitionOf(id, this.#source.partitions);
    const archived = (await this.#source.log.state(partition, true)).sessions.get(text);
    const known = description ?? archived?.description ?? (await this.#lookUp(id));
    if (archived?.deleted || !this.#chosen(id, known)) {
      this.#ignore(text);
      return undefined;
    }
    const view = { id: Buffer.from(id), text, partition, description: known };
    const sent = place.sent({ ...view, places: archived?.places ?? [] });
    // What has expired does not come any more.
    const gone = archived?.expired ? archived.committed.toArray() : (archived?.letGo ?? []);
    for (const { first, last } of gone) sent.add(first, last);
    return this.add(view, sent);
  }

  #ignore(text: string): void {
    this.#ignored.add(text);
    const [oldest] = this.#ignored;
    if (this.#ignored.size > IGNORED_MAX && oldest !== undefined) this.#ignored.delete(oldest);
  }

  /** A session whose first block has passed before this observer came. */
  async #lookUp(id: Uint8Array): Promise<api.SessionDescription | undefined> {
    return (await this.#source.catalogue.session(id))?.description;
  }
}
