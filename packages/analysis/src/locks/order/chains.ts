/*
 * Chains: what a lane holds, as a place in a trie. A node's child by the code
 * of an acquisition is the chain after it; a chain that has been judged needs
 * no second look (the chain cache of lockdep-design.rst, exact instead of
 * by hash). Plain data.
 */

/** What is known of a chain. */
export const CHAIN = {
  /** Its last acquisition was judged for order, waiting and contexts. */
  judged: 1,
  /** Its last lock was held: the contexts that were enabled are marked. */
  held: 2,
  /** That acquisition was found wrong. */
  guilty: 4,
} as const;

export interface ChainTable {
  /** Parent and code of each chain; chain 0 holds nothing. */
  parents: Int32Array;
  codes: Int32Array;
  flags: Uint8Array;
  /** How often its last acquisition was seen since it was last counted into the edges. */
  counts: Uint32Array;
  /** Open addressing, a power of two: a chain's number plus one, or 0. */
  slots: Int32Array;
  size: number;
}

export function createChains(): ChainTable {
  return {
    parents: new Int32Array(1024),
    codes: new Int32Array(1024),
    flags: new Uint8Array(1024),
    counts: new Uint32Array(1024),
    slots: new Int32Array(4096),
    size: 1,
  };
}

/** The chain after an acquisition; made where it is new. */
export function childOf(table: ChainTable, parent: number, code: number): number {
  const { slots } = table;
  const mask = slots.length - 1;
  let at = placeOf(parent, code) & mask;
  for (let found = slots[at]!; found !== 0; found = slots[at]!) {
    if (table.parents[found - 1] === parent && table.codes[found - 1] === code) return found - 1;
    at = (at + 1) & mask;
  }
  return makeChild(table, parent, code);
}

function makeChild(table: ChainTable, parent: number, code: number): number {
  if (table.size === table.parents.length) grow(table);
  const made = table.size++;
  table.parents[made] = parent;
  table.codes[made] = code;
  insert(table, made);
  return made;
}

function insert(table: ChainTable, chain: number): void {
  const { slots } = table;
  const mask = slots.length - 1;
  let at = placeOf(table.parents[chain]!, table.codes[chain]!) & mask;
  while (slots[at] !== 0) at = (at + 1) & mask;
  slots[at] = chain + 1;
}

function grow(table: ChainTable): void {
  const size = table.size * 2;
  const grown = <T extends Int32Array | Uint8Array | Uint32Array>(made: T, old: T): T => {
    made.set(old);
    return made;
  };
  table.parents = grown(new Int32Array(size), table.parents);
  table.codes = grown(new Int32Array(size), table.codes);
  table.flags = grown(new Uint8Array(size), table.flags);
  table.counts = grown(new Uint32Array(size), table.counts);
  table.slots = new Int32Array(size * 4);
  for (let chain = 1; chain < table.size; chain++) insert(table, chain);
}

/** Two odd constants of Knuth's multiplicative hashing. */
function placeOf(parent: number, code: number): number {
  const mixed = Math.imul(parent, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
