import type { archive } from "@wayward/api";

/** Blocks of one session that were put aside, in the order of the log. */
export class PoisonedBlocks {
  readonly #all: archive.Poison[];
  /** Made when somebody asks first: most sessions have none, and only an archiver asks. */
  #keys: Set<string> | undefined;

  constructor(all: Iterable<archive.Poison> = []) {
    this.#all = [...all];
  }

  add(poison: archive.Poison): void {
    this.#all.push(poison);
    this.#keys?.add(keyOf(poison.seq, poison.digest.toString("hex")));
  }

  /** `digest` as hex. */
  has(seq: bigint, digest: string): boolean {
    this.#keys ??= new Set(this.#all.map((one) => keyOf(one.seq, one.digest.toString("hex"))));
    return this.#keys.has(keyOf(seq, digest));
  }

  toArray(): archive.Poison[] {
    return this.#all.slice();
  }
}

function keyOf(seq: bigint, digest: string): string {
  return `${seq}/${digest}`;
}
