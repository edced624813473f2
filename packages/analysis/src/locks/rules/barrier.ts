import { here, type Run, report } from "../run.ts";
import type { Lock } from "../state.ts";

/** `misuse.barrier`: lanes do not agree on how many meet there. */
export function reportBarrierCount(run: Run, barrier: Lock, count: number): void {
  report(run, "misuse.barrier", {
    locks: [barrier],
    message: `${barrier.name} is waited at for ${count} lanes, before for ${barrier.parties}`,
    evidence: [...barrier.arrived, here(run)],
  });
}
