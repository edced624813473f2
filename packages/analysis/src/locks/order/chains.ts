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
  /** That acquisition was found wrong. */
  guilty: 2,
} as const;

/** Places of a chain's numbers, which stand together: looking one up touches its memory once. */
export const PARENT = 0;
export const CODE = 1;
export const FLAGS = 2;
export const COUNT = 3;
export const CHAIN_SHIFT = 2;
const WIDTH = 1 << CHAIN_SHIFT;

export interface ChainTable {
  /**
   * Of each chain its parent, its code, what is known of it, and how often its last acquisition was seen since it
   * was last counted into the edges. Chain 0 holds nothing.
   */
  rows: Int32Array;
  /** Open addressing, a power of two: a chain's number plus one, or 0. */
  slots: Int32Array;
  size: number;
}

/** Chains that there is room for at first. */
const CHAINS = 1024;

export function createChains(): ChainTable {
  return { rows: new Int32Array(CHAINS * WIDTH), slots: new Int32Array(CHAINS * 8), size: 1 };
}

/** The chain after an acquisition; made where it is new. */
export function childOf(table: ChainTable, parent: number, code: number): number {
  const { slots, rows } = table;
  const mask = slots.length - 1;
  let at = placeOf(parent, code) & mask;
  for (let found = slots[at]!; found !== 0; found = slots[at]!) {
    const row = (found - 1) * WIDTH;
    if (rows[row + CODE] === code && rows[row + PARENT] === parent) return found - 1;
    at = (at + 1) & mask;
  }
  return makeChild(table, parent, code);
}

export function parentOf({ rows }: ChainTable, chain: number): number {
  return rows[chain * WIDTH + PARENT]!;
}

export function lastCodeOf({ rows }: ChainTable, chain: number): number {
  return rows[chain * WIDTH + CODE]!;
}

/** True if an acquisition that leads to this chain was judged, and found right. */
export function wasJudged({ rows }: ChainTable, chain: number): boolean {
  return (rows[chain * WIDTH + FLAGS]! & (CHAIN.judged | CHAIN.guilty)) === CHAIN.judged;
}

/** The chain's last acquisition was judged. */
export function noteJudged({ rows }: ChainTable, chain: number, guilty: boolean): void {
  rows[chain * WIDTH + FLAGS]! |= CHAIN.judged | (guilty ? CHAIN.guilty : 0);
}

/** Something is known now that no chain was judged with. */
export function forgetJudged({ rows, size }: ChainTable): void {
  for (let chain = 0; chain < size; chain++) rows[chain * WIDTH + FLAGS] = 0;
}

/** The chain's last acquisition is seen once more. */
export function countSeen({ rows }: ChainTable, chain: number): void {
  rows[chain * WIDTH + COUNT]!++;
}

/** How often it was seen since this was last asked. */
export function takeCount({ rows }: ChainTable, chain: number): number {
  const seen = rows[chain * WIDTH + COUNT]! >>> 0;
  rows[chain * WIDTH + COUNT] = 0;
  return seen;
}

function makeChild(table: ChainTable, parent: number, code: number): number {
  if ((table.size + 1) * WIDTH > table.rows.length) grow(table);
  const made = table.size++;
  table.rows[made * WIDTH + PARENT] = parent;
  table.rows[made * WIDTH + CODE] = code;
  insert(table, made);
  return made;
}

function insert({ rows, slots }: ChainTable, chain: number): void {
  const mask = slots.length - 1;
  let at = placeOf(rows[chain * WIDTH + PARENT]!, rows[chain * WIDTH + CODE]!) & mask;
  while (slots[at] !== 0) at = (at + 1) & mask;
  slots[at] = chain + 1;
}

function grow(table: ChainTable): void {
  const { rows, slots } = table;
  table.rows = new Int32Array(rows.length * 2);
  table.rows.set(rows);
  table.slots = new Int32Array(slots.length * 2);
  for (let chain = 1; chain < table.size; chain++) insert(table, chain);
}

/** Odd constants of Knuth's multiplicative hashing. */
export const HASH_PARENT = 0x9e3779b1;
export const HASH_CODE = 0x85ebca6b;

/** Where the search for a child begins; usual.ts has it inline. */
function placeOf(parent: number, code: number): number {
  const mixed = Math.imul(parent, HASH_PARENT) ^ Math.imul(code, HASH_CODE);
  return mixed ^ (mixed >>> 15);
}
