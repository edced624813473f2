import {
  argumentAt,
  type Column,
  type Dictionary,
  formatMessage,
  type KindColumns,
  messageAt,
  scalarText,
  type Texts,
  valuesAt,
} from "@wayward/block";
import { type Condition, LOOK, NEVER, type Template, templateOf } from "./template.ts";

type ValuesColumn = Extract<Column, { shape: "values" }>;

/** Finds records whose message holds a text, letter for letter. */
export class TextSearch {
  readonly #needle: string;
  readonly #bytes: Buffer;
  /** A number's text may hold it. */
  readonly #numeric: boolean;
  readonly #templates = new Map<string, Template[]>();

  constructor(needle: string) {
    this.#needle = needle;
    this.#bytes = Buffer.from(needle);
    this.#numeric = /^-?\d*$/.test(needle);
  }

  /** For each record of the kind 1 if it matches; undefined if none does. */
  matches(columns: KindColumns, dictionary: Dictionary): Uint8Array | undefined {
    const column = columns.columns.find(({ field }) => field.role === "text");
    if (column === undefined) return undefined;
    if (column.shape === "values") return this.#inMessages(columns, column, dictionary);
    if (column.shape === "texts" && column.field.type === "string") return this.#inTexts(column, columns.count);
    return marked(columns.count, (record) => messageAt(columns, record, dictionary).includes(this.#needle));
  }

  #inTexts({ texts, present }: Extract<Column, { shape: "texts" }>, count: number): Uint8Array | undefined {
    const holds = holding(texts, this.#bytes);
    if (holds === undefined || present === undefined) return holds;
    return marked(count, (record) => present[record]! >= 0 && holds[present[record]!] === 1);
  }

  /** Formats and arguments are looked at apart: a message is made only where it cannot be told otherwise. */
  #inMessages(columns: KindColumns, column: ValuesColumn, dictionary: Dictionary): Uint8Array | undefined {
    const { sites, count } = columns;
    const { values, present } = column;
    const shape = shapeOf(columns, column);
    const formatOf = (site: number) => (site === 0 ? "" : dictionary.siteName(site));
    const inside = this.#inArguments(values, shape);
    const templates = new Map<number, Template>();
    for (const key of shape.keys) {
      const { site, length } = shapeKey(key);
      templates.set(key, inBlock(this.#template(formatOf(site), length), values, shape));
    }
    if (inside === undefined && [...templates.values()].every((template) => template === NEVER)) return undefined;
    const { starts } = values;
    return marked(count, (record) => {
      const place = present === undefined ? record : present[record]!;
      if (place < 0) return false;
      const from = starts[place]!;
      const length = starts[place + 1]! - from;
      if (inside !== undefined) for (let at = from; at < from + length; at++) if (inside[at] === 1) return true;
      const site = sites === undefined ? 0 : sites[record]!;
      const template = templates.get(keyOf(site, length)) ?? NEVER;
      if (template === NEVER) return false;
      if (template.look) return formatMessage(formatOf(site), valuesAt(values, place)).includes(this.#needle);
      return template.always || isAnyMet(template, values, from);
    });
  }

  /** For each argument 1 if its own text holds the needle; undefined if none does. */
  #inArguments(values: ValuesColumn["values"], { plain, letters }: Shape): Uint8Array | undefined {
    const { tags, places, texts } = values;
    const inTexts = spells(letters, this.#bytes) ? holding(texts, this.#bytes) : undefined;
    if (plain && inTexts === undefined && !this.#numeric) return undefined;
    let mask: Uint8Array | undefined;
    for (let at = 0; at < tags.length; at++) {
      const tag = tags[at]!;
      let hit = false;
      if (tag === TEXT) hit = inTexts !== undefined && inTexts[places[at]!] === 1;
      else if (tag !== WHOLE || this.#numeric) hit = argumentText(values, at).includes(this.#needle);
      if (!hit) continue;
      mask ??= new Uint8Array(tags.length);
      mask[at] = 1;
    }
    return mask;
  }

  #template(format: string, count: number): Template {
    if (count >= ARGUMENTS_MAX - 1) return LOOK;
    let byCount = this.#templates.get(format);
    if (byCount === undefined) {
      byCount = [];
      this.#templates.set(format, byCount);
    }
    byCount[count] ??= templateOf(format, count, this.#needle);
    return byCount[count];
  }
}

/** Types of arguments, as in FORMAT.md. */
const WHOLE = 3;
const TEXT = 5;

function argumentText(values: ValuesColumn["values"], at: number): string {
  return scalarText(argumentAt(values, at));
}

/** What all searches in one block ask of its messages; kept as long as the block is. */
interface Shape {
  /** Sites with numbers of arguments that occur, as `site × ARGUMENTS_MAX + arguments`. */
  readonly keys: readonly number[];
  /** All arguments are whole numbers or texts. */
  readonly plain: boolean;
  /** By byte 1 if the arguments' texts have it: most words need one that they lack. */
  readonly letters: Uint8Array;
}

/** Messages of so many arguments and more are made and looked at. A power of two, so that keys stay small. */
const ARGUMENTS_MAX = 64;
const SHAPES = new WeakMap<ValuesColumn["values"], Shape>();

function shapeOf({ sites, count }: KindColumns, { values, present }: ValuesColumn): Shape {
  const known = SHAPES.get(values);
  if (known !== undefined) return known;
  const { starts, tags, texts } = values;
  const letters = new Uint8Array(256);
  for (let at = 0; at < texts.bytes.length; at++) letters[texts.bytes[at]!] = 1;
  const keys = new Set<number>();
  for (let record = 0; record < count; record++) {
    const place = present === undefined ? record : present[record]!;
    if (place < 0) continue;
    keys.add(keyOf(sites === undefined ? 0 : sites[record]!, starts[place + 1]! - starts[place]!));
  }
  const shape = { keys: [...keys], plain: tags.every((tag) => tag === WHOLE || tag === TEXT), letters };
  SHAPES.set(values, shape);
  return shape;
}

function keyOf(site: number, length: number): number {
  return site * ARGUMENTS_MAX + (length < ARGUMENTS_MAX ? length : ARGUMENTS_MAX - 1);
}

function shapeKey(key: number): { readonly site: number; readonly length: number } {
  return { site: Math.floor(key / ARGUMENTS_MAX), length: key % ARGUMENTS_MAX };
}

/** The template with those ways only that some argument of the block allows: most blocks have none. */
function inBlock(template: Template, values: ValuesColumn["values"], shape: Shape): Template {
  if (!shape.plain || template.ways.length === 0) return template;
  const ways = template.ways.filter((way) => way.every((condition) => mayBeMet(condition, values, shape)));
  return ways.length === 0 ? NEVER : { ...template, ways };
}

/** False if neither the block's numbers nor its texts can meet it. They are searched all at once. */
function mayBeMet(
  { type, bytes, whole }: Condition,
  { ints, texts }: ValuesColumn["values"],
  { letters }: Shape,
): boolean {
  if (whole !== undefined && (type !== "is" || whole < 0 || ints.lo.includes(whole * 2))) return true;
  return spells(letters, bytes) && texts.bytes.includes(bytes);
}

/** True if all of these bytes are among the letters. */
function spells(letters: Uint8Array, bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (letters[bytes[at]!] === 0) return false;
  return true;
}

/** `from`: place of the message's first argument. */
function isAnyMet({ ways }: Template, values: ValuesColumn["values"], from: number): boolean {
  for (const way of ways) {
    let met = true;
    for (let at = 0; at < way.length && met; at++) met = isMet(way[at]!, values, from + way[at]!.argument);
    if (met) return true;
  }
  return false;
}

function isMet({ type, text, whole }: Condition, values: ValuesColumn["values"], at: number): boolean {
  if (values.tags[at] === WHOLE) {
    // A number's text has digits only, and most can be told from others without making it.
    if (whole === undefined) return false;
    const place = values.places[at]!;
    if (type === "is" && whole >= 0) return values.ints.lo[place] === whole * 2 && values.ints.hi[place] === 0;
  }
  const own = argumentText(values, at);
  return type === "is" ? own === text : type === "starts" ? own.startsWith(text) : own.endsWith(text);
}

/** For each text 1 if it holds these bytes; undefined if none does. All are searched at once. */
function holding({ bytes, starts }: Texts, needle: Buffer): Uint8Array | undefined {
  let at = bytes.indexOf(needle);
  if (at < 0) return undefined;
  const found = new Uint8Array(starts.length - 1);
  let any = false;
  for (let text = 0; at >= 0 && text < found.length; ) {
    const end = starts[text + 1]!;
    if (at >= end) {
      text++;
      continue;
    }
    if (at + needle.length <= end) {
      found[text] = 1;
      any = true;
    }
    // One that reaches over the end may have another behind it.
    at = bytes.indexOf(needle, at + needle.length <= end ? end : at + 1);
  }
  return any ? found : undefined;
}

function marked(count: number, isIn: (record: number) => boolean): Uint8Array | undefined {
  const found = new Uint8Array(count);
  let any = false;
  for (let record = 0; record < count; record++) {
    if (!isIn(record)) continue;
    found[record] = 1;
    any = true;
  }
  return any ? found : undefined;
}
