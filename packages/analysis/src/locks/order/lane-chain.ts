import { settle } from "../open-lanes.ts";
import type { Hold, Lane, LockSession } from "../state.ts";
import { type ChainTable, childOf } from "./chains.ts";

/** Between those of contexts and those of masks. */
const LOOP = -50;

/** Contexts have codes above it, masks from it downwards. */
const MASKS = -64;

/** What a chain says of an acquisition: variant, mode, and whether it was tried. */
export function codeOf(variant: number, mode: number, tried: boolean): number {
  return (variant << 3) | (mode << 1) | (tried ? 1 : 0);
}

export function variantOfCode(code: number): number {
  return code >>> 3;
}

/** It did not wait: what was held before it makes no order. */
export function wasTried(code: number): boolean {
  return (code & 1) !== 0;
}

/** Negative codes say what has interrupted a lane and what is masked. */
export function isAcquisition(code: number): boolean {
  return code >= 0;
}

/** Works out a lane's chain anew: after a release out of order, or as contexts come, go or are masked. */
export function refreshChain(session: LockSession, lane: Lane): void {
  settle(session, lane);
  const { chains, contextByBit } = session;
  const { frames, holds, masks } = lane;
  let chain = lane.loop ? childOf(chains, 0, LOOP) : 0;
  for (let level = 0; level <= frames.length; level++) {
    const bit = level === 0 ? 0 : frames[level - 1]!.bit;
    if (contextByBit.length > 0 && (level > 0 || masks !== 0)) {
      chain = childOf(chains, chain, -1 - (bit === 0 ? 0 : Math.log2(bit) + 1));
      chain = childOf(chains, chain, MASKS - (level === frames.length ? masks : 0));
    }
    chain = appendLevel(chains, chain, holds, level);
  }
  lane.chain = chain;
}

function appendLevel(chains: ChainTable, from: number, holds: readonly Hold[], level: number): number {
  let chain = from;
  for (const hold of holds) {
    if (hold.level !== level) continue;
    hold.before = chain;
    chain = childOf(chains, chain, codeOf(hold.variant, hold.mode, hold.tried));
  }
  return chain;
}
