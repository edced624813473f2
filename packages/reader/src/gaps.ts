import { selection } from "@wayward/api";
import type { Dictionary, KindColumns } from "@wayward/block";
import { RangeSet } from "@wayward/chunk";
import type { SessionView } from "./snapshot/session.ts";

const { GapCause } = selection;

/** Gaps that an answer lists; further ones are counted. */
const LISTED_MAX = 1_000;

/** Gathers the holes that an answer tells of. */
export class GapList {
  readonly listed: selection.Gap[] = [];
  leftOut = 0n;
  /** Names that were told to be unknown: once is enough. */
  readonly #unknown = new Set<string>();

  /** Those of these names of a session that were not told yet. */
  untold(session: Uint8Array, names: ReadonlySet<string>): string[] {
    const key = Buffer.from(session).toString("hex");
    const fresh = [...names].filter((name) => !this.#unknown.has(`${key} ${name}`));
    for (const name of fresh) this.#unknown.add(`${key} ${name}`);
    return fresh;
  }

  /** What was listed since the last call. */
  take(): selection.Gap[] {
    return this.listed.splice(0);
  }

  add(gap: Partial<selection.Gap>): void {
    if (this.listed.length < LISTED_MAX) this.listed.push(selection.Gap.fromPartial(gap));
    else this.leftOut++;
  }
}

/** Holes in a session's blocks, and how it ended. */
export function sessionGaps(view: SessionView, gaps: GapList): void {
  const session = Buffer.from(view.id);
  if (view.deleted || view.expired) {
    const cause = view.deleted ? GapCause.GAP_CAUSE_DELETED : GapCause.GAP_CAUSE_EXPIRED;
    gaps.add({ session, cause, message: view.deleted ? "the session was deleted" : "the session has expired" });
    return;
  }
  for (const { seq, cause } of view.poisoned) {
    const conflict = cause === 1;
    gaps.add({
      session,
      cause: conflict ? GapCause.GAP_CAUSE_CONFLICT : GapCause.GAP_CAUSE_POISON,
      firstSeq: seq,
      lastSeq: seq,
      message: conflict
        ? `two different blocks ${seq} came; the first committed one was kept`
        : `block ${seq} cannot be read and was put aside`,
    });
  }
  for (const { first, last } of view.letGo) gaps.add({ session, ...expiredGap(first, last) });
  const ended = view.end !== undefined;
  for (const { first, last } of missing(view)) {
    gaps.add({
      session,
      cause: ended ? GapCause.GAP_CAUSE_NEVER_ARRIVED : GapCause.GAP_CAUSE_PENDING,
      firstSeq: first,
      lastSeq: last,
      message: `blocks ${first} to ${last} ${ended ? "never came" : "are not here yet"}`,
    });
  }
  if (view.end?.cause !== 1) return;
  const how = view.end.exit === "" ? "" : ` (${view.end.exit})`;
  gaps.add({
    session,
    cause: GapCause.GAP_CAUSE_UNCLEAN_END,
    message: `the writer vanished${how}: what it did after the last record may be missing, some ${view.end.uncertainMs} ms or, where it ran late, more; count unknown`,
  });
}

/** Blocks that went when the session expired, before it spoke again. */
export function expiredGap(firstSeq: bigint, lastSeq: bigint) {
  const message = `blocks ${firstSeq} to ${lastSeq} have expired`;
  return { cause: GapCause.GAP_CAUSE_EXPIRED, firstSeq, lastSeq, message };
}

/** Ranges of seqs between 0 and the last one known that are nowhere. */
function missing({ present, letGo, poisoned, end }: SessionView): { first: bigint; last: bigint }[] {
  const unreadable = new Set(poisoned.filter(({ cause }) => cause === 2).map(({ seq }) => seq));
  const holes: { first: bigint; last: bigint }[] = [];
  let next = 0n;
  const until = end === undefined ? [] : [{ first: end.lastSeq + 1n, last: end.lastSeq + 1n }];
  const known = letGo.length === 0 ? present : RangeSet.from([...letGo, ...present.toArray()]);
  for (const { first, last } of [...known.toArray(), ...until]) {
    const hole = { first: next, last: first - 1n };
    if (first > next && !(first - next === 1n && unreadable.has(next))) holes.push(hole);
    if (last >= next) next = last + 1n;
  }
  return holes;
}

/** Records that the agent says it could not keep. */
export function dropGaps(session: Uint8Array, columns: KindColumns, gaps: GapList): void {
  const number = (name: string, record: number) => {
    const column = columns.columns.find(({ field }) => field.name === name);
    if (column?.shape !== "ints") return 0n;
    return (BigInt(column.ints.hi[record]!) << 32n) | BigInt(column.ints.lo[record]!);
  };
  for (let record = 0; record < columns.count; record++) {
    const count = number("count", record);
    gaps.add({
      session: Buffer.from(session),
      cause: GapCause.GAP_CAUSE_DROPPED,
      lane: Number(number("lane", record)),
      firstEventNo: number("first", record),
      count,
      message: `the agent could not keep ${count} records`,
    });
  }
}

/** Ids that a block refers to and nobody defined. */
export function dictionaryGap(session: Uint8Array, dictionary: Dictionary, gaps: GapList): void {
  if (dictionary.unknown.size === 0) return;
  const names = gaps.untold(session, dictionary.unknown);
  if (names.length === 0) return;
  gaps.add({
    session: Buffer.from(session),
    cause: GapCause.GAP_CAUSE_DICTIONARY,
    count: BigInt(names.length),
    message: `${names.length} names are unknown because blocks are missing: ${names.slice(0, 5).join(", ")}`,
  });
}
