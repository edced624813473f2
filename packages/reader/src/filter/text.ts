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
import { type Condition, NEVER, type Template, templateOf } from "./template.ts";

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
  #inMessages(columns: KindColumns, { values, present }: ValuesColumn, dictionary: Dictionary): Uint8Array | undefined {
    const { sites, count } = columns;
    const { starts } = values;
    const inside = this.#inArguments(values);
    // By site: its template for messages of so many arguments, and that number.
    const templates: Template[] = [];
    const counts: number[] = [];
    const found = new Uint8Array(count);
    let any = false;
    for (let record = 0; record < count; record++) {
      const place = present === undefined ? record : present[record]!;
      if (place < 0) continue;
      const from = starts[place]!;
      const until = starts[place + 1]!;
      const site = sites === undefined ? 0 : sites[record]!;
      if (counts[site] !== until - from) {
        counts[site] = until - from;
        templates[site] = this.#template(site === 0 ? "" : dictionary.siteName(site), until - from);
      }
      const template = templates[site]!;
      if (template === NEVER && inside === undefined) continue;
      let hit = template.always;
      if (!hit && inside !== undefined) for (let at = from; at < until; at++) if (inside[at] === 1) hit = true;
      if (!hit && template.look) {
        const format = site === 0 ? "" : dictionary.siteName(site);
        hit = formatMessage(format, valuesAt(values, place)).includes(this.#needle);
      } else if (!hit && template !== NEVER) hit = isAnyMet(template, values, from);
      if (!hit) continue;
      found[record] = 1;
      any = true;
    }
    return any ? found : undefined;
  }

  /** For each argument 1 if its own text holds the needle; undefined if none does. */
  #inArguments(values: ValuesColumn["values"]): Uint8Array | undefined {
    const { tags, places, texts } = values;
    const inTexts = holding(texts, this.#bytes);
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
