/**
 * What pairing reads of a block's records, one place for each: what to do
 * (OP), its first two fields as whole numbers, 0 where it lacks them (the order
 * of fields is that of packages/record; a zone that names none has its site's
 * name as first), and its time in nanoseconds since the session's start,
 * what was before it as 0. Kept between blocks.
 */
export class PairingPages {
  ops = new Uint8Array(0);
  first = new Float64Array(0);
  second = new Float64Array(0);
  times = new Float64Array(0);

  /** Room for `count` records. Their old contents stay: every place is written anew. */
  resize(count: number): void {
    if (count <= this.ops.length) return;
    const places = Math.max(count, this.ops.length * 2);
    this.ops = new Uint8Array(places);
    this.first = new Float64Array(places);
    this.second = new Float64Array(places);
    this.times = new Float64Array(places);
  }
}
