import { FIELDS_AT, FLAG } from "../stage.ts";

const FULL = 0xffff_ffff;

/** Says of a kind's staged records which fields they have. */
export class Masks {
  readonly #words: Uint32Array;
  readonly #at: Uint32Array;
  /** For each 32 fields: those that any record has, and those that all have. */
  readonly #any = new Uint32Array(2);
  readonly #all = new Uint32Array(2).fill(FULL);

  /** Of the records that begin at words `at`; a kind of more than 32 fields is `wide`. Where all have the same flags, these tell where a mask stands. */
  constructor(words: Uint32Array, at: Uint32Array, wide: boolean, flags: number | undefined) {
    this.#words = words;
    this.#at = at;
    for (let part = 0; part < (wide ? 2 : 1); part++) {
      if (flags === undefined) this.#see(part);
      else this.#seeAt(FIELDS_AT[flags & 31]! + part, part);
    }
  }

  /** True if all records have the same fields. */
  get alike(): boolean {
    return this.#any[0] === this.#all[0] && (this.#any[1] === this.#all[1] || this.#any[1] === 0);
  }

  /** True if no record has that field. */
  isAbsent(field: number): boolean {
    return ((this.#any[field >>> 5]! >>> (field & 31)) & 1) === 0;
  }

  /** For each record which of the 32 fields it has that begin with `field`. */
  from(field: number): Uint32Array {
    const [words, at] = [this.#words, this.#at];
    return Uint32Array.from(at, (from) => maskAt(words, from, field >>> 5));
  }

  #seeAt(distance: number, part: number): void {
    const [words, at] = [this.#words, this.#at];
    let any = 0;
    let all = FULL;
    for (let record = 0; record < at.length; record++) {
      const mask = words[at[record]! + distance]!;
      any |= mask;
      all &= mask;
    }
    this.#any[part] = any;
    this.#all[part] = all;
  }

  #see(part: number): void {
    const [words, at] = [this.#words, this.#at];
    let any = 0;
    let all = FULL;
    for (let record = 0; record < at.length; record++) {
      const mask = maskAt(words, at[record]!, part);
      any |= mask;
      all &= mask;
    }
    this.#any[part] = any;
    this.#all[part] = all;
  }
}

function maskAt(words: Uint32Array, from: number, part: number): number {
  const flags = words[from]! >>> 24;
  return flags & FLAG.absent ? words[from + FIELDS_AT[flags & 31]! + part]! : FULL;
}
