import type { LockSession } from "../state.ts";
import { createChains, lastCodeOf, parentOf, takeCount } from "./chains.ts";
import { isAcquisition, refreshChain, variantOfCode, wasTried } from "./lane-chain.ts";

/** Counts into each edge how often its order was seen since it was last counted. */
export function countEdges({ chains, variants }: LockSession): void {
  for (let chain = 1; chain < chains.size; chain++) {
    const count = takeCount(chains, chain);
    const code = lastCodeOf(chains, chain);
    if (count === 0 || !isAcquisition(code) || wasTried(code)) continue;
    const taken = variants[variantOfCode(code)]!.node;
    // What stands before a context's frame was interrupted: it makes no edge.
    for (let at = parentOf(chains, chain); at !== 0; at = parentOf(chains, at)) {
      const held = lastCodeOf(chains, at);
      if (!isAcquisition(held)) break;
      const edge = variants[variantOfCode(held)]!.node.out.get(taken.id);
      if (edge !== undefined) edge.count += count;
    }
  }
}

/** Makes the table of chains anew once it has so many: it is only a memory of what was judged. */
export function boundChains(session: LockSession, most: number): void {
  if (session.chains.size < most) return;
  countEdges(session);
  session.chains = createChains();
  for (const lane of session.lanes.values()) refreshChain(session, lane);
}
