import type { query } from "@wayward/api";
import { fitting, Group, isOutOfRange, quantiles, toMessage } from "./group.ts";

/** Groups that have their first keys in common, by the next one. A text as key is hashed once in its life, keys joined each time. */
class Branch {
  #below: Map<string, Branch> | undefined;
  group: Group | undefined;

  at(key: string): Branch {
    this.#below ??= new Map();
    const known = this.#below.get(key);
    if (known !== undefined) return known;
    const made = new Branch();
    this.#below.set(key, made);
    return made;
  }
}

/** Adds up groups by their keys. */
export class Tally {
  readonly #root = new Branch();
  readonly #groups: Group[] = [];
  /** What summaries left out of their rows. */
  other = 0n;

  /** The group of these keys, to add to. */
  group(keys: readonly string[]): Group {
    let branch = this.#root;
    for (const key of keys) branch = branch.at(key);
    if (branch.group !== undefined) return branch.group;
    const made = new Group(keys);
    branch.group = made;
    this.#groups.push(made);
    return made;
  }

  /** The `top` first groups by `sortBy`, and the others together. */
  finish(sortBy: string, top: number): { readonly groups: query.Group[]; readonly other: query.Group } {
    const rank = rankBy(sortBy);
    const ranked = this.#groups.map((group) => ({ group, rank: rank(group) }));
    ranked.sort((a, b) => (a.rank === b.rank ? compareKeys(a.group.keys, b.group.keys) : a.rank < b.rank ? 1 : -1));
    const sorted = ranked.map(({ group }) => group);
    const rest = sorted.slice(top);
    const other = {
      ...toMessage(new Group([])),
      count: this.other + BigInt(rest.reduce((sum, { count }) => sum + count, 0)),
      ...restSum(rest),
    };
    return { groups: sorted.slice(0, top).map(toMessage), other };
  }
}

/** The groups together. Of those that were out of range already nobody knows the sum. */
function restSum(groups: readonly Group[]): Pick<query.Group, "sum" | "outOfRange"> {
  const sum = groups.reduce((all, group) => all + fitting(group.sum), 0n);
  return { sum: fitting(sum), outOfRange: fitting(sum) !== sum || groups.some(isOutOfRange) };
}

function rankBy(sortBy: string): (group: Group) => number | bigint {
  if (sortBy === "sum") return ({ sum }) => fitting(sum);
  if (sortBy === "max") return ({ max }) => fitting(max);
  if (sortBy === "p99") return (group) => quantiles(group, [0.99])[0] ?? 0n;
  return ({ count }) => count;
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [at, key] of a.entries()) {
    if (key !== b[at]) return key < b[at]! ? -1 : 1;
  }
  return 0;
}
