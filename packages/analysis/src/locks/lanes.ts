import { noteEnded } from "./acquire.ts";
import { countEnded } from "./contention.ts";
import { lockOfRow, removeWaiter, waitersOf } from "./holders.ts";
import { settle } from "./open-lanes.ts";
import { reportHeldAtExit } from "./rules/exit.ts";
import { judgeDeadlock, judgeDeadOwner } from "./rules/live.ts";
import { here, type Run } from "./run.ts";
import type { Lane } from "./state.ts";

/** A lane ends. What it holds stays held for ever: who waits for it is told. */
export function exitLane(run: Run, lane: Lane): void {
  settle(run.session, lane);
  lane.gone = true;
  for (const hold of lane.holds) {
    reportHeldAtExit(run, hold);
    const lock = lockOfRow(run.session, hold);
    for (const wait of waitersOf(run.session, lock)) if (wait.lane !== lane) judgeDeadOwner(run, lock, wait.at);
    countEnded(run, hold);
  }
  dropWaits(run, lane);
  // Its number may come back for another one; what it held still names this one.
  run.session.lanes.delete(lane.id);
}

/** Who waits ends too, so nobody waits for ever. */
export function exitProcess(run: Run): void {
  for (const lane of run.session.lanes.values()) dropWaits(run, lane);
  for (const lane of [...run.session.lanes.values()]) if (!lane.gone) exitLane(run, lane);
}

function dropWaits({ session, time }: Run, lane: Lane): void {
  for (const wait of lane.waits) {
    noteEnded(session, wait, time);
    removeWaiter(session, wait);
  }
  lane.waits = [];
}

/** The lane waits for the end of another one, until its next record. */
export function joinLane(run: Run, other: Lane): void {
  const { lane } = run;
  lane.joins = other;
  lane.joinsAt = here(run);
  lane.stands = true;
  judgeDeadlock(run);
}
