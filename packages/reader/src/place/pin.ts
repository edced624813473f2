import { WaywardError } from "@wayward/base";
import { RangeSet } from "@wayward/chunk";
import type { Position } from "../read/run.ts";
import type { Snapshot } from "../snapshot/catalogue.ts";
import { offsetOf, type SessionView } from "../snapshot/session.ts";
import type { SessionRanges } from "./cursor.ts";
import type { PageToken, Pin } from "./token.ts";

/** A snapshot written down, so that a later page can rest on it. */
export function pinOf({ sessions, partitions }: Snapshot): Pin {
  const sent = new Map<string, SessionRanges>();
  for (const { id, text, tail } of sessions) {
    if (tail.size === 0) continue;
    const ranges = new RangeSet();
    for (const seq of tail.keys()) ranges.add(seq);
    sent.set(text, { id, ranges });
  }
  return {
    logNumbers: partitions.map(({ logNumber }) => logNumber),
    busSeqs: partitions.map(({ busSeq }) => busSeq),
    sent,
  };
}

/**
 * The part of what is here now that was there when the token was made.
 * Sessions that were deleted since are shown as deleted. Errors
 * OUT_OF_RANGE / PAGE_EXPIRED where retention took what the next pages would
 * have held, INVALID_ARGUMENT / BAD_TOKEN where the log is shorter than it was.
 */
export function pinned(now: Snapshot, { pin, last }: PageToken, reverse: boolean): Snapshot {
  const partitions = now.partitions.map((place, partition) => {
    const logNumber = pin.logNumbers[partition]!;
    if (logNumber > place.logNumber) {
      throw new WaywardError("INVALID_ARGUMENT", "BAD_TOKEN", "page token: it is from another archive");
    }
    return { ...place, logNumber, busSeq: pin.busSeqs[partition] ?? 0n };
  });
  const sessions = now.sessions.flatMap((view) => {
    const logNumber = pin.logNumbers[view.partition]!;
    const beyond = pin.sent.get(view.text)?.ranges ?? new RangeSet();
    const known = view.firstN !== undefined && view.firstN <= logNumber;
    if (!known && beyond.size === 0n) return [];
    if (view.expired && view.lastN! > logNumber && isAhead(view, last, reverse)) throw outlived(view, logNumber);
    if (hasLost(view, logNumber, beyond)) throw outlived(view, logNumber);
    return [view.deleted || view.expired ? view : restricted(view, logNumber, beyond)];
  });
  return { sessions, partitions };
}

function isAhead(view: SessionView, { aligned }: Position, reverse: boolean): boolean {
  const offset = offsetOf(view.description);
  return reverse ? view.firstTime + offset <= aligned : view.lastTime + offset >= aligned;
}

/** True if the session may have expired since and has spoken again: nobody knows any more which times its blocks were of. */
function hasLost({ letGo, places }: SessionView, logNumber: bigint, beyond: RangeSet): boolean {
  if (letGo.length === 0 || (places[0] !== undefined && places[0].n <= logNumber)) return false;
  // Where it had spoken again by then, what only the bus had was kept.
  return beyond.size === 0n || beyond.minus(RangeSet.from(letGo)).size < beyond.size;
}

/** The session without the blocks that came after the log number and are not in `beyond`. */
function restricted(view: SessionView, logNumber: bigint, beyond: RangeSet): SessionView {
  const places = view.places.flatMap((place) => {
    if (place.n <= logNumber) return [place];
    const ranges = place.ranges.flatMap((range) => overlaps(range, beyond));
    return ranges.length === 0 ? [] : [{ ...place, ranges }];
  });
  const tail = new Map([...view.tail].filter(([seq]) => beyond.has(seq)));
  const present = RangeSet.from([...places.flatMap(({ ranges }) => ranges), ...beyond.toArray()]);
  const had = RangeSet.from([...present.toArray(), ...view.letGo]);
  const end = view.end !== undefined && had.has(view.end.lastSeq) ? view.end : undefined;
  return { ...view, places, tail, present, end, blocks: present.size };
}

function overlaps(range: { readonly first: bigint; readonly last: bigint }, set: RangeSet) {
  return set.toArray().flatMap(({ first, last }) => {
    const part = { first: first > range.first ? first : range.first, last: last < range.last ? last : range.last };
    return part.first <= part.last ? [part] : [];
  });
}

function outlived({ text, partition, lastN }: SessionView, logNumber: bigint): WaywardError {
  const message =
    `page token: its snapshot, log entry ${logNumber} of partition ${partition}, has lost session ${text} to retention; ` +
    `the oldest that works is entry ${lastN}: read again without a token`;
  const facts = { subject: "page token", got: logNumber, limit: lastN! };
  return new WaywardError("OUT_OF_RANGE", "PAGE_EXPIRED", message, { facts });
}
