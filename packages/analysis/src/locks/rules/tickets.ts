import type { RuleId } from "../../rules.ts";
import { lockOfRow } from "../holders.ts";
import { lockOf } from "../lookup.ts";
import { here, type Run, report } from "../run.ts";
import type { Hold, Lock, Ticket } from "../state.ts";
import { placeOf } from "./recursion.ts";

/** What an attempt to acquire says that tickets are judged by. */
export interface Ticketed {
  readonly lock: Lock;
  readonly ticket: number;
  readonly slow: boolean;
  readonly tried: boolean;
  readonly result: string;
  readonly under: number;
  readonly nestTicket: number;
}

/**
 * The rules of wound/wait locks for one acquisition (Linux
 * Documentation/locking/ww-mutex-design.rst). True if it says more than a
 * plain one, so that it cannot be answered by its chain.
 */
export function judgeTicket(run: Run, asked: Ticketed): boolean {
  const { lock, ticket: number, result, slow } = asked;
  if (result !== "already") judgeMixed(run, asked);
  if (number === 0) return lock.type === "ww";
  const ticket = run.session.tickets.get(number);
  const isOpen = ticket !== undefined;
  if (isOpen) judgeAfterDeadlock(run, ticket, lock, slow);
  if (result === "already") return true;
  if (!isOpen) tell(run, "ww.stale-ticket", lock, `${lock.name} is acquired with a ticket that is not open`);
  else {
    if (ticket.done) tell(run, "ww.acquire-after-done", lock, `${lock.name} is acquired with a ticket that was done`);
    if (ticket.cls !== "" && ticket.cls !== lock.base.name) {
      tell(run, "ww.class", lock, `${lock.name} is of class ${lock.base.name}, its ticket of class ${ticket.cls}`);
    }
  }
  if (lock.leftTicket) {
    lock.leftTicket = false;
    tell(run, "ww.stale-ticket", lock, `${lock.name} still has the ticket that a plain release left on it`);
  }
  return true;
}

/** After a deadlock the ticket's next acquisition is of the same lock, with nothing held. */
function judgeAfterDeadlock(run: Run, ticket: Ticket, lock: Lock, slow: boolean): void {
  const { contended } = ticket;
  ticket.contended = undefined;
  if (contended === undefined) {
    if (slow) tell(run, "ww.wrong-lock", lock, `${lock.name} is acquired slowly, and no deadlock came before`);
    return;
  }
  if (contended !== lock) {
    tell(run, "ww.wrong-lock", lock, `${lock.name} is acquired after ${contended.name} answered deadlock`);
  }
  const held = heldWith(run, ticket.number);
  if (held.length === 0) return;
  const names = held.map((hold) => lockOfRow(run.session, hold).name).join(", ");
  tell(run, "ww.not-backed-off", lock, `${lock.name} is acquired after a deadlock while ${names} is still held`, held);
}

/** Two locks of a class are held together, one taken with a ticket and one without, both by waiting for them. */
function judgeMixed(run: Run, { lock, ticket, tried }: Ticketed): void {
  if (lock.type !== "ww" || tried) return;
  const other = run.lane.holds.find(
    (hold) =>
      hold.row !== lock.row &&
      lockOfRow(run.session, hold).base === lock.base &&
      lockOfRow(run.session, hold).type === "ww" &&
      !hold.tried &&
      (hold.ticket === 0) !== (ticket === 0),
  );
  if (other === undefined) return;
  const message = `${lock.name} and ${lockOfRow(run.session, other).name} are held together, one of them without a ticket`;
  tell(run, "ww.mixed", lock, message, [other]);
  tell(run, "order.recursion", lock, message, [other]);
}

/** Serial of what orders instances of the class for this acquisition; undefined without. `nest.not-held`. */
export function nestOf(run: Run, { lock, ticket: number, under, nestTicket }: Ticketed): number | undefined {
  const { tickets } = run.session;
  // What a hole hides may order them: nothing is held before it.
  const unknown = run.session.holes > 0 ? 0 : undefined;
  if (number !== 0) return tickets.get(number)?.since ?? unknown;
  if (nestTicket !== 0) {
    const ticket = tickets.get(nestTicket);
    if (ticket?.lane === run.lane.id) return ticket.since;
    tell(run, "nest.not-held", lock, `${lock.name} is acquired under a ticket that the lane has not open`);
    return unknown;
  }
  if (under === 0) return undefined;
  const nest = lockOf(run.session, run.dictionary, under, run.lane.id);
  const hold = run.lane.holds.find((held) => held.row === nest.row);
  if (hold !== undefined) return hold.since;
  const name = run.dictionary.objectName(under);
  tell(run, "nest.not-held", lock, `${lock.name} is acquired under ${name}, which the lane does not hold`);
  return unknown;
}

export function beginTicket(run: Run, number: number, cls: string): void {
  const { session, lane } = run;
  if (cls !== "") {
    const open = [...session.tickets.values()].some(
      (ticket) => ticket.lane === lane.id && ticket.since >= lane.since && ticket.cls === cls,
    );
    if (open) {
      const message = `a second ticket of class ${cls} is begun in a lane that has one open`;
      report(run, "ww.mixed", { locks: [], names: [cls], classes: [cls], message, evidence: [here(run)] });
    }
  }
  session.tickets.set(number, { number, lane: lane.id, cls, since: session.serial, done: false, contended: undefined });
}

export function doneTicket(run: Run, number: number): void {
  const ticket = run.session.tickets.get(number);
  if (ticket === undefined) {
    tellTicket(run, "ww.stale-ticket", "a ticket is done that is not open", "");
    return;
  }
  if (ticket.done) tellTicket(run, "ww.done-twice", "a ticket is done twice", ticket.cls);
  ticket.done = true;
}

export function endTicket(run: Run, number: number): void {
  const ticket = run.session.tickets.get(number);
  if (ticket === undefined) {
    tellTicket(run, "ww.stale-ticket", "a ticket is ended that is not open", "");
    return;
  }
  const held = heldWith(run, number);
  if (held.length > 0) {
    const names = held.map((hold) => lockOfRow(run.session, hold).name).join(", ");
    tellTicket(run, "ww.end-early", `a ticket ends while ${names} is held with it`, ticket.cls, held);
  }
  run.session.tickets.delete(number);
}

/** The lock answered deadlock: the ticket's holder has to back off and wait for it. */
export function noteDeadlock(run: Run, number: number, lock: Lock): void {
  const ticket = run.session.tickets.get(number);
  if (ticket !== undefined) ticket.contended = lock;
}

function heldWith({ lane, session }: Run, number: number): Hold[] {
  const holder = session.lanes.get(session.tickets.get(number)?.lane ?? lane.id) ?? lane;
  return holder.holds.filter((hold) => hold.ticket === number);
}

function tell(run: Run, rule: RuleId, lock: Lock, message: string, held: readonly Hold[] = []): void {
  report(run, rule, {
    locks: [...held.map((hold) => lockOfRow(run.session, hold)), lock],
    message,
    evidence: [...held.map(placeOf), here(run)],
  });
}

function tellTicket(run: Run, rule: RuleId, message: string, cls: string, held: readonly Hold[] = []): void {
  report(run, rule, {
    locks: held.map((hold) => lockOfRow(run.session, hold)),
    classes: [cls],
    message,
    evidence: [...held.map(placeOf), here(run)],
  });
}
