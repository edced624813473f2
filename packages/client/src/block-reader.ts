import type { block as blockApi, selection } from "@wayward/api";
import { unwrap } from "@wayward/base";
import {
  addDefinitions,
  Block,
  type Cell,
  cellAt,
  Dictionary,
  type Envelope,
  epochOf,
  messageAt,
  parseEnvelope,
  type Scalar,
  sections,
  shownColumns,
  shownKind,
} from "@wayward/block";
import { sessionText } from "@wayward/record";
import type { ClientRecord, FieldValue } from "./record.ts";

/** The chosen records of one block, by time, lane and event number. */
export interface OpenBlock {
  /** Raw time + offset = aligned time. */
  readonly offset: bigint;
  /** Aligned times of the block's first and last record. */
  readonly first: bigint;
  readonly last: bigint;
  readonly order: Uint32Array;
  record(index: number): ClientRecord;
}

interface SessionFacts {
  readonly text: string;
  readonly name: string;
  readonly description: blockApi.SessionDescription | undefined;
}

/**
 * Epochs of one session whose definitions are kept. Its blocks come in their
 * order, but for those that overlap in time, so that few are needed at a
 * time; a day of a busy session has tens of thousands.
 */
const EPOCHS_KEPT = 4;

/** Decodes the blocks of one stream; keeps the sessions that it has sent, and the last dictionaries of each. */
export class BlockReader {
  readonly #sessions = new Map<string, SessionFacts>();
  /** By session, then by epoch, the latest last. */
  readonly #epochs = new Map<string, Map<bigint, Dictionary>>();
  /** By session: names that records needed and no block defined. */
  readonly #unknown = new Map<string, Set<string>>();

  /** Opens a batch's blocks in the order they came. Throws BAD_CRC and the like where a block is damaged. */
  *read(batch: selection.BlockBatch): Iterable<OpenBlock> {
    for (const { session, description } of batch.sessions) {
      const text = sessionText(session);
      this.#sessions.set(text, { text, name: description?.name ?? "", description });
    }
    for (const { block, dictionaries, ranges } of batch.blocks) {
      const envelope = unwrap(parseEnvelope(block));
      const text = sessionText(envelope.header.session);
      const session = this.#sessions.get(text) ?? { text, name: "", description: envelope.header.description };
      yield openBlock(session, envelope, this.#dictionary(text, envelope, dictionaries), ranges);
    }
  }

  /** Names that records needed and no block defined, by session. */
  unknown(): Map<string, Set<string>> {
    return new Map([...this.#unknown].filter(([, names]) => names.size > 0));
  }

  /** What the block's epoch defines. The first block of an epoch brings all of it; its own part stands in its place. */
  #dictionary(text: string, envelope: Envelope, others: readonly selection.DictionaryItem[]): Dictionary {
    const { seq } = envelope.header;
    const epochs = ensured(this.#epochs, text, () => new Map<bigint, Dictionary>());
    const unknown = ensured(this.#unknown, text, () => new Set<string>());
    const known = epochs.get(epochOf(seq));
    const dictionary = known ?? new Dictionary(unknown);
    epochs.set(epochOf(seq), dictionary);
    if (epochs.size > EPOCHS_KEPT) epochs.delete(epochs.keys().next().value!);
    const own = known === undefined ? [{ seq, section: sections(envelope).dictionary }] : [];
    const inOrder = [...others, ...own].sort((a, b) => (a.seq < b.seq ? -1 : 1));
    for (const { section } of inOrder) addDefinitions(dictionary, section);
    return dictionary;
  }
}

function ensured<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function openBlock(
  session: SessionFacts,
  envelope: Envelope,
  dictionary: Dictionary,
  ranges: readonly number[],
): OpenBlock {
  const block = new Block(envelope);
  const anchor = session.description?.anchor;
  const offset = anchor === undefined ? 0n : anchor.wall - anchor.clock;
  const { columns, header } = block;
  const order = inTime(columns.times, placesOf(ranges, columns.count));
  const lanes = new Uint32Array(columns.count);
  for (const { lane, from, count } of columns.lanes) lanes.fill(lane, from, from + count);
  const eventNos = columns.eventNos();
  const { placeOf } = columns;
  const kinds = columns.kinds.map(({ number }, slot) =>
    kindReader(block, slot, number, dictionary, session.description?.start),
  );
  const named = new Map<number, ClientRecord["lane"]>();
  const laneOf = (number: number) => {
    let lane = named.get(number);
    if (lane === undefined) {
      const row = dictionary.lane(number);
      lane = { number, name: row?.name ?? `lane#${number}`, kind: row?.kind ?? "thread" };
      named.set(number, lane);
    }
    return lane;
  };
  const record = (index: number): ClientRecord => {
    const time = columns.times[index]!;
    return {
      session: session.text,
      sessionName: session.name,
      lane: laneOf(lanes[index]!),
      eventNo: BigInt(eventNos[index]!),
      time,
      aligned: time + offset,
      ...kinds[columns.slots[index]!]!(placeOf[index]!),
    };
  };
  return { offset, first: header.firstTime + offset, last: header.lastTime + offset, order, record };
}

type OwnPart = Pick<ClientRecord, "kind" | "site" | "fields" | "units" | "types" | "text" | "traceId" | "spanId">;

/** What a record has by its kind. The kind's columns are decoded at its first record. */
function kindReader(
  block: Block,
  slot: number,
  number: number,
  dictionary: Dictionary,
  start: bigint | undefined,
): (place: number) => OwnPart {
  const kind = dictionary.kind(number);
  const bare = { kind: kind?.name ?? `kind#${number}`, fields: {}, units: {}, types: {}, text: "" };
  if (kind === undefined) {
    return () => ({ ...bare, site: undefined, traceId: undefined, spanId: undefined });
  }
  const { fields: shown } = shownKind(kind);
  const units = Object.fromEntries(shown.filter(({ unit }) => unit !== "").map(({ name, unit }) => [name, unit]));
  const types = Object.fromEntries(shown.map(({ name, type }) => [name, type]));
  return (place) => {
    const own = shownColumns(block, slot, kind, dictionary, start);
    const fields: Record<string, FieldValue> = {};
    for (const column of own.columns) fields[column.field.name] = plain(cellAt(column, place, dictionary));
    const site = own.sites?.[place] ?? 0;
    const correlated = own.correlations === undefined ? -1 : (own.correlations.present?.[place] ?? place);
    const hex = (from: number, until: number) =>
      correlated < 0
        ? undefined
        : Buffer.from(own.correlations!.bytes.subarray(correlated * 24 + from, correlated * 24 + until)).toString(
            "hex",
          );
    return {
      kind: kind.name,
      site: site === 0 ? undefined : (dictionary.site(site) ?? unknownSite(site)),
      fields,
      units,
      types,
      text: messageAt(own, place, dictionary),
      traceId: hex(0, 16),
      spanId: hex(16, 24),
    };
  };
}

function unknownSite(number: number) {
  return { function: `site#${number}`, file: "", line: 0, text: "" };
}

/** A cell as the rows of an answer have it. */
function plain(cell: Cell): FieldValue {
  if (cell === undefined || cell === null) return undefined;
  if (Array.isArray(cell)) return cell.map((item: Scalar) => plain(item) ?? null);
  return cell instanceof Uint8Array ? Buffer.from(cell) : (cell as FieldValue);
}

/** Places from first and count in turn; all without any. */
function placesOf(ranges: readonly number[], count: number): Uint32Array {
  if (ranges.length === 0) return Uint32Array.from({ length: count }, (_, index) => index);
  const places: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let index = 0; index < ranges[at + 1]!; index++) places.push(ranges[at]! + index);
  }
  return Uint32Array.from(places);
}

/** Places by time; those of one time stay by lane and event number, which is the block's order. */
function inTime(times: BigUint64Array, places: Uint32Array): Uint32Array {
  let first = times[places[0] ?? 0] ?? 0n;
  let last = first;
  for (const index of places) {
    if (times[index]! < first) first = times[index]!;
    if (times[index]! > last) last = times[index]!;
  }
  // Time and place as one number sort at once, while both fit 53 bits.
  if (last - first < 1n << 37n) {
    const keys = Float64Array.from(places, (index) => Number(times[index]! - first) * 0x1_0000 + index);
    return Uint32Array.from(keys.sort(), (key) => key % 0x1_0000);
  }
  return places.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
}
