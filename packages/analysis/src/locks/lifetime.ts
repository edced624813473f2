import { holdersOf, refreshRow, removeAll, waitersOf } from "./holders.ts";
import { removeNode } from "./order/graph.ts";
import { refreshChain } from "./order/lane-chain.ts";
import { reportDestroyed, reportHeld, reportUseDestroyed } from "./rules/lifetime.ts";
import type { Run } from "./run.ts";
import { baseClassOf } from "./session.ts";
import type { BaseClass, Lock, LockSession } from "./state.ts";

/** A record speaks of a lock: its first use creates it. */
export function useLock(run: Run, lock: Lock): void {
  if (lock.state === "live") return;
  if (lock.state === "destroyed") reportUseDestroyed(run, lock);
  begin(run.session, lock);
}

/** The lock is made. A live one that nobody holds ends by it. */
export function createLock(run: Run, object: number, lock: Lock): void {
  for (const instance of instancesOf(run.session, object, lock)) {
    if (instance.state === "live" && instance.type === "barrier") reportHeld(run, instance, "misuse.barrier");
    if (holdersOf(run.session, instance).length > 0) reportHeld(run, instance, "misuse.create-held");
    else {
      if (instance.state === "live") end(run.session, instance);
      begin(run.session, instance);
    }
  }
}

export function destroyLock(run: Run, object: number, lock: Lock): void {
  for (const instance of instancesOf(run.session, object, lock)) {
    if (instance.state === "destroyed") reportUseDestroyed(run, instance);
    if (holdersOf(run.session, instance).length > 0) reportHeld(run, instance, "misuse.destroy-held");
    reportDestroyed(run, instance);
    dropAll(run.session, instance);
    if (instance.state === "live") end(run.session, instance);
    setState(run.session, instance, "destroyed");
  }
  const template = run.session.locks.get(object);
  if (template !== undefined) template.state = "destroyed";
}

/** Who holds it, or waits for it, does so no more. */
function dropAll(session: LockSession, lock: Lock): void {
  for (const hold of holdersOf(session, lock)) {
    hold.lane.holds.splice(hold.lane.holds.indexOf(hold), 1);
    refreshChain(session, hold.lane);
  }
  for (const wait of waitersOf(session, lock)) wait.lane.waits.splice(wait.lane.waits.indexOf(wait), 1);
  removeAll(session, lock);
}

/** A lock of which each lane has one is made and destroyed for all lanes. */
function instancesOf({ perLane }: LockSession, object: number, lock: Lock): Lock[] {
  if (!lock.perLane) return [lock];
  return [...perLane].filter(([key]) => key.startsWith(`${object}/`)).map(([, instance]) => instance);
}

export function setState(session: LockSession, lock: Lock, state: Lock["state"]): void {
  lock.state = state;
  refreshRow(session, lock);
}

function begin(session: LockSession, lock: Lock): void {
  if (lock.base.ended) rebind(session, lock);
  setState(session, lock, "live");
  lock.base.live++;
  lock.leftTicket = false;
  lock.lostSignals = [];
  lock.sleepers = [];
  lock.parties = 0;
  lock.arrived = [];
  if (!lock.perLane) return;
  for (const template of session.locks.values()) {
    if (template.name === lock.name && template.perLane) template.state = "live";
  }
}

/** A class without locks of their own names ends with its last lock. */
function end(session: LockSession, lock: Lock): void {
  const { base } = lock;
  base.live--;
  if (base.named || base.live > 0) return;
  endClass(session, base);
}

function endClass(session: LockSession, base: BaseClass): void {
  base.ended = true;
  for (const node of base.nodes.values()) removeNode(session, node);
  if (session.classes.get(base.name) === base) session.classes.delete(base.name);
}

/** The next lock of that name is of a new class. */
function rebind(session: LockSession, lock: Lock): void {
  lock.base = baseClassOf(session, lock.base.name);
  lock.variants = new Map();
  lock.variant = undefined;
}
