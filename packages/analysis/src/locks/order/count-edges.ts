import type { LockSession } from "../state.ts";
import { createChains } from "./chains.ts";
import { isAcquisition, refreshChain, variantOfCode, wasTried } from "./lane-chain.ts";

/** Counts into each edge how often its order was seen since it was last counted. */
export function countEdges({ chains, variants }: LockSession): void {
  const { parents, codes, counts } = chains;
  for (let chain = 1; chain < chains.size; chain++) {
    const count = counts[chain]!;
    counts[chain] = 0;
    if (count === 0 || !isAcquisition(codes[chain]!) || wasTried(codes[chain]!)) continue;
    const taken = variants[variantOfCode(codes[chain]!)]!.node;
    // What stands before a context's frame was interrupted: it makes no edge.
    for (let at = parents[chain]!; at !== 0 && isAcquisition(codes[at]!); at = parents[at]!) {
      const edge = variants[variantOfCode(codes[at]!)]!.node.out.get(taken.id);
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
