import { WAITS } from "@wayward/record";
import { lockOfRow, variantHeld } from "../holders.ts";
import { here, type Run, report } from "../run.ts";
import type { Lock } from "../state.ts";

/** `wait-type`: a blocked acquirer may wait more than the innermost context, and the locks taken inside it, allow. */
export function judgeWaitType(run: Run, lock: Lock): boolean {
  const { waits } = lock;
  if (waits === 0) return false;
  const { lane, session } = run;
  const level = lane.frames.length;
  const frame = lane.frames.at(-1);
  const context = frame && session.contextByBit[Math.log2(frame.bit)];
  let least = context?.inside ?? 0;
  let by = context?.name ?? "";
  for (const hold of lane.holds) {
    const { inside } = variantHeld(session, hold);
    if (hold.level !== level || inside === 0 || (least !== 0 && inside >= least)) continue;
    least = inside;
    by = lockOfRow(session, hold).name;
  }
  if (least === 0 || waits <= least) return false;
  report(run, "wait-type", {
    locks: [lock],
    names: [lock.name, by],
    message: `${lock.name} may wait by ${WAITS[waits]}, and ${by} allows ${WAITS[least]} at most`,
    evidence: [here(run)],
  });
  return true;
}
