import { f, type Kind } from "@wayward/record";
import type { Block } from "../block.ts";
import type { Ints } from "../coding/ints.ts";
import type { Column, KindColumns } from "../columns/field.ts";
import type { Dictionary } from "../dictionary/reader.ts";
import { Gather } from "../summary/gather.ts";
import { Pairing } from "./pairing.ts";
import { replay, seed } from "./replay.ts";

/** What readers know of a zone's end beyond its record: whose it is, and how long that took. */
const RESOLVED = [f.ref("name", "string", { role: "key" }), f.duration("duration", { role: "measure" })] as const;

/** What opens and closes zones. */
const OF_ZONES = new Set(["zone.begin", "zone.end", "thread.exit"]);

const TWO_32 = 0x1_0000_0000;

function isResolved({ name, fields }: Kind): boolean {
  return name === "zone.end" && !fields.some((field) => RESOLVED.some((own) => own.name === field.name));
}

/** The kind as readers show it: `zone.end` begins with the zone's name and duration. */
export function shownKind(kind: Kind): Kind {
  return isResolved(kind) ? { ...kind, fields: [...RESOLVED, ...kind.fields] } : kind;
}

const KNOWN = new WeakMap<KindColumns, KindColumns>();

/**
 * A kind's columns in the order of `shownKind`. Those of a zone's end are
 * paired when they are first asked for, by the rules of the summary. They are
 * absent where that would be a guess: nothing says when the session began
 * (`start`), or not all that was open at the block's start.
 */
export function shownColumns(
  block: Block,
  slot: number,
  kind: Kind,
  dictionary: Dictionary,
  start: bigint | undefined,
): KindColumns {
  const own = block.columns.columns(slot, kind);
  if (!isResolved(kind)) return own;
  let shown = KNOWN.get(own);
  if (shown === undefined) {
    shown = new ShownEnds(own, new ZoneEnds(block, own.count, dictionary, start));
    KNOWN.set(own, shown);
  }
  return shown;
}

/** Names and durations of one block's ends, by their places among the kind's records. */
class ZoneEnds {
  readonly #block: Block;
  readonly #count: number;
  readonly #dictionary: Dictionary;
  readonly #start: bigint | undefined;
  #found: { readonly present: Int32Array; readonly names: Ints; readonly durations: Ints } | undefined;

  constructor(block: Block, count: number, dictionary: Dictionary, start: bigint | undefined) {
    this.#block = block;
    this.#count = count;
    this.#dictionary = dictionary;
    this.#start = start;
  }

  get found() {
    this.#found ??= this.#pair();
    return this.#found;
  }

  #pair() {
    const [block, dictionary, start] = [this.#block, this.#dictionary, this.#start];
    const words = () => new Uint32Array(this.#count);
    const present = new Int32Array(this.#count).fill(-1);
    const [names, durations] = [
      { lo: words(), hi: words() },
      { lo: words(), hi: words() },
    ];
    if (start === undefined || block.openSet.leftOut > 0) return { present, names, durations };
    const { placeOf } = block.columns;
    const ended = (name: number, duration: number, index: number) => {
      const place = placeOf[index]!;
      present[place] = place;
      names.lo[place] = name;
      durations.lo[place] = duration % TWO_32;
      durations.hi[place] = Math.floor(duration / TWO_32);
    };
    const lanes = { use: () => {}, laneRow: (id: number) => dictionary.laneRow(id) };
    const pairing = new Pairing(lanes, (created) => new Ends(created));
    (pairing.gathers.zone as Ends).ended = ended;
    seed(pairing, block.openSet);
    replay(block.columns, dictionary, pairing, start, OF_ZONES);
    return { present, names, durations };
  }
}

/** Hears of each end instead of adding it up: without rows `measureAll` comes to `measure` each time. */
class Ends extends Gather {
  ended: (key: number, value: number, index: number) => void = () => {};

  override measure(key: number, value: number, index: number): void {
    this.ended(key, value, index);
  }
}

/** A column of whole numbers that is paired when it is looked at. */
class PairedColumn {
  readonly shape = "ints";
  readonly field: Column["field"];
  readonly #ends: ZoneEnds;
  readonly #which: "names" | "durations";

  constructor(field: Column["field"], ends: ZoneEnds, which: "names" | "durations") {
    this.field = field;
    this.#ends = ends;
    this.#which = which;
  }

  get present(): Int32Array {
    return this.#ends.found.present;
  }

  get ints(): Ints {
    return this.#ends.found[this.#which];
  }
}

class ShownEnds implements KindColumns {
  readonly kind: Kind;
  readonly count: number;
  readonly columns: readonly Column[];
  readonly #own: KindColumns;

  constructor(own: KindColumns, ends: ZoneEnds) {
    this.kind = own.kind;
    this.count = own.count;
    const [name, duration] = RESOLVED;
    this.columns = [
      new PairedColumn(name, ends, "names"),
      new PairedColumn(duration, ends, "durations"),
      ...own.columns,
    ];
    this.#own = own;
  }

  get sites() {
    return this.#own.sites;
  }

  get stacks() {
    return this.#own.stacks;
  }

  get parents() {
    return this.#own.parents;
  }

  get correlations() {
    return this.#own.correlations;
  }

  decodeAll(): void {
    this.#own.decodeAll();
  }
}
