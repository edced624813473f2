import type { Batch } from "../batch.ts";
import { settle } from "./open-lanes.ts";
import { hiddenText } from "./run.ts";
import type { Lane, LockSession } from "./state.ts";

/**
 * What makes a block's verdicts unsure: lanes that lack records in it or
 * before it, as nothing tells where the hole is, kinds that nothing defines,
 * and clocks that go back, as then the order of lanes is not known.
 */
export function noteHoles(session: LockSession, batch: Batch): void {
  if (batch.goesBack) session.doubt = true;
  if (batch.hasUnknown) doubtAll(session, session.now);
  for (const run of batch.runs) {
    const lane = session.lanes.get(run.lane);
    if (lane !== undefined && run.count > 0 && batch.times[run.from]! < lane.last) session.doubt = true;
    const isMissed = lane !== undefined && lane.next !== -1 && run.count > 0 && lane.next !== run.firstEventNo;
    if (!isMissed && !(batch.hasHoles && batch.isHoled(run))) continue;
    noteHole(session, lane, lane?.last ?? 0);
    session.doubt = true;
    if (lane !== undefined) lane.holed = true;
  }
}

/** The block has been read: what comes next is sure again, what was known before it is not. */
export function endHoles(session: LockSession, batch: Batch): void {
  for (const { lane: id, from, count } of batch.runs) {
    const lane = session.lanes.get(id);
    if (lane === undefined || count === 0) continue;
    lane.next = batch.eventNo(from + count - 1) + 1;
    lane.last = batch.times[from + count - 1]!;
    lane.holed = false;
  }
  if (!session.doubt) return;
  session.doubt = false;
  session.holeSince = ++session.serial;
}

/** Any lane may have done anything since. */
function doubtAll(session: LockSession, from: number): void {
  noteHole(session, undefined, from);
  session.doubt = true;
  for (const lane of session.lanes.values()) doubtLane(session, lane);
}

/** A record tells that others of a lane are missing since `from`, up to the number `next`; of any lane where it names none. */
export function noteDrop(session: LockSession, id: number, from: number, next: number): void {
  if (id === 0) {
    doubtAll(session, from);
    return;
  }
  const lane = session.lanes.get(id);
  noteHole(session, lane, from);
  if (lane !== undefined && lane.next !== -1 && next > lane.next) lane.next = next;
}

/** Records are missing from `from` on, in nanoseconds since the start: nothing that was found since is proven any more. */
export function noteHole(session: LockSession, lane: Lane | undefined, from: number): void {
  session.holes++;
  session.holeSince = ++session.serial;
  if (lane !== undefined) doubtLane(session, lane);
  if (session.lastProof < from) return;
  session.lastProof = from;
  for (const finding of session.findings.values()) {
    if (finding.provenAt === undefined || finding.provenAt < from) continue;
    finding.provenAt = undefined;
    finding.unproven = hiddenText(finding.locks[0] ?? "it");
    session.reports++;
  }
}

/** What the lane holds and waits for may have ended. */
function doubtLane(session: LockSession, lane: Lane): void {
  settle(session, lane);
  lane.answers = undefined;
  for (const hold of lane.holds) hold.unsure = true;
  for (const wait of lane.waits) wait.unsure = true;
  for (const { lane: sleeper, given } of lane.standsAt?.sleepers ?? []) {
    if (sleeper === lane && given !== undefined) given.unsure = true;
  }
  lane.tries = [];
}
