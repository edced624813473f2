/** Sites whose names are kept; what is beyond is looked up each time. */
const KEPT_MAX = 1 << 16;

/** Names of zones that begin: their own or, where that is 0, their site's. */
export class ZoneNames {
  readonly #look: (site: number) => number;
  /** String numbers plus one, by site; 0 where not looked up yet. */
  #known = new Uint32Array(64);

  /** `look` tells the string number of a site's zone name. */
  constructor(look: (site: number) => number) {
    this.#look = look;
  }

  /** One name for each of `count` records: `own` where all have their own, else a new array. */
  of(own: Uint32Array, sites: Uint32Array, count: number): Uint32Array {
    let named = 0;
    while (named < count && named < own.length && own[named] !== 0) named++;
    if (named === count) return own;
    const all = new Uint32Array(count);
    all.set(own.subarray(0, count));
    let known = this.#known;
    for (let record = named; record < count; record++) {
      if (all[record] !== 0) continue;
      const site = sites[record]!;
      const name = site < known.length ? known[site]! : 0;
      if (name > 0) all[record] = name - 1;
      else {
        all[record] = this.#lookUp(site);
        known = this.#known;
      }
    }
    return all;
  }

  #lookUp(site: number): number {
    const name = site === 0 ? 0 : this.#look(site);
    if (site >= KEPT_MAX) return name;
    if (site >= this.#known.length) {
      const larger = new Uint32Array(2 ** Math.ceil(Math.log2(site + 1)));
      larger.set(this.#known);
      this.#known = larger;
    }
    this.#known[site] = name + 1;
    return name;
  }
}
