/** A list of 64-bit numbers as two halves; what columns are gathered in. Kept between blocks, so it allocates only while it grows. */
export class Words64 {
  lo: Uint32Array = new Uint32Array(256);
  hi: Uint32Array = new Uint32Array(256);
  length = 0;

  /** Room for `length` numbers, all of them in the list; those that were not there keep what they held. */
  resize(length: number): void {
    while (this.lo.length < length) this.#grow();
    this.length = length;
  }

  push(lo: number, hi: number): void {
    if (this.length === this.lo.length) this.#grow();
    this.lo[this.length] = lo;
    this.hi[this.length] = hi;
    this.length++;
  }

  pushNumber(value: number): void {
    this.push(value >>> 0, Math.floor(value / 0x1_0000_0000) >>> 0);
  }

  pushBigint(value: bigint): void {
    this.push(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
  }

  #grow(): void {
    const lo = new Uint32Array(this.lo.length * 2);
    const hi = new Uint32Array(this.hi.length * 2);
    lo.set(this.lo);
    hi.set(this.hi);
    this.lo = lo;
    this.hi = hi;
  }
}
