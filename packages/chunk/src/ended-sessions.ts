import { BinaryReader } from "@bufbuild/protobuf/wire";
import { archive, block } from "@wayward/api";
import { asBuffer, WaywardError } from "@wayward/base";
import { sessionText } from "@wayward/record";

const ID_BYTES = 16;
/** Field 1, length-delimited: a session in EndedSessions, and the id in a session, before all else. */
const FIELD_1 = (1 << 3) | 2;
/** Field 2 of a session, length-delimited. */
const DESCRIPTION = (2 << 3) | 2;
/** A session's tag and its id's length stand before the id. */
const ID_AT = 2;

/**
 * The sessions of one index object as they are stored, in order of their ids:
 * one that is asked for is decoded then. An archive has millions of them, and
 * as objects they take some ten times the memory and the time of a start.
 */
export class EndedSessions {
  readonly object: archive.IndexObject;
  readonly #bytes: Buffer;
  /** Where each session begins and ends. */
  readonly #begins: Uint32Array;
  readonly #ends: Uint32Array;
  /** 1 where a later object, or the memory, has the session as it is now. */
  readonly #hidden: Uint8Array;
  #hiddenCount = 0;
  /** Milliseconds of the first and the last id: most lookups end here. */
  readonly #firstMs: number;
  readonly #lastMs: number;

  /** Error DATA_LOSS / BAD_INDEX if the bytes are no EndedSessions of so many sessions in order. */
  constructor(object: archive.IndexObject, bytes: Uint8Array) {
    this.object = object;
    this.#bytes = asBuffer(bytes);
    this.#begins = new Uint32Array(object.count);
    this.#ends = new Uint32Array(object.count);
    this.#index();
    this.#hidden = new Uint8Array(object.count);
    this.#firstMs = msOf(object.firstSession);
    this.#lastMs = msOf(object.lastSession);
  }

  /** How many are not hidden. */
  get shown(): number {
    return this.object.count - this.#hiddenCount;
  }

  /** The place of a session, unless it is hidden or not here. */
  find(id: Uint8Array): number | undefined {
    const place = this.#find(id);
    return place < 0 || this.#hidden[place] === 1 ? undefined : place;
  }

  /** The session at a place, as stored. */
  session(place: number): archive.SessionState {
    return archive.SessionState.decode(this.#bytes.subarray(this.#begins[place]!, this.#ends[place]!));
  }

  /** What the session at a place says of itself; nothing else of it is decoded. */
  description(place: number): block.SessionDescription | undefined {
    const reader = new BinaryReader(this.#bytes.subarray(this.#begins[place]!, this.#ends[place]!));
    // The id is before it.
    reader.pos = ID_AT + ID_BYTES;
    const isThere = reader.pos < reader.len && reader.uint32() === DESCRIPTION;
    return isThere ? block.SessionDescription.decode(reader, reader.uint32()) : undefined;
  }

  hide(id: Uint8Array): void {
    const place = this.find(id);
    if (place === undefined) return;
    this.#hidden[place] = 1;
    this.#hiddenCount++;
  }

  /** False if no session can be in both. */
  overlaps(other: EndedSessions): boolean {
    return this.#firstMs <= other.#lastMs && other.#firstMs <= this.#lastMs;
  }

  /** Ids of all, hidden ones too. */
  *ids(): Generator<Buffer> {
    for (let place = 0; place < this.object.count; place++) yield this.#id(place);
  }

  /** Ids as text of those that are not hidden. */
  *texts(): Generator<string> {
    for (let place = 0; place < this.object.count; place++) {
      if (this.#hidden[place] === 0) yield sessionText(this.#id(place));
    }
  }

  /** Those that are not hidden. */
  *sessions(): Generator<archive.SessionState> {
    for (let place = 0; place < this.object.count; place++) if (this.#hidden[place] === 0) yield this.session(place);
  }

  #id(place: number): Buffer {
    const at = this.#begins[place]! + ID_AT;
    return this.#bytes.subarray(at, at + ID_BYTES);
  }

  #index(): void {
    const reader = new BinaryReader(this.#bytes);
    for (let place = 0; place < this.object.count; place++) {
      const tag = reader.pos < reader.len ? reader.uint32() : 0;
      const length = tag === FIELD_1 ? reader.uint32() : 0;
      const [begin, end] = [reader.pos, reader.pos + length];
      const isSession = length >= ID_AT + ID_BYTES && end <= reader.len;
      if (!isSession || this.#bytes[begin] !== FIELD_1 || this.#bytes[begin + 1] !== ID_BYTES) {
        throw badIndex(this.object, `session ${place} of ${this.object.count} cannot be read`);
      }
      this.#begins[place] = begin;
      this.#ends[place] = end;
      if (place > 0 && this.#compare(place - 1, this.#id(place)) >= 0) {
        throw badIndex(this.object, `session ${place} is not behind the one before it`);
      }
      reader.pos = end;
    }
    if (reader.pos !== reader.len) throw badIndex(this.object, "there are more sessions than the checkpoint says");
  }

  /** -1 where it is not. */
  #find(id: Uint8Array): number {
    const ms = msOf(id);
    if (ms < this.#firstMs || ms > this.#lastMs) return -1;
    let low = 0;
    let high = this.object.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle, id);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #compare(place: number, id: Uint8Array): number {
    const at = this.#begins[place]! + ID_AT;
    return this.#bytes.compare(id, 0, ID_BYTES, at, at + ID_BYTES);
  }
}

/** The wall time in an id (RFC 9562 section 5.7). */
function msOf(id: Uint8Array): number {
  return ((id[0]! << 16) | (id[1]! << 8) | id[2]!) * 2 ** 24 + ((id[3]! << 16) | (id[4]! << 8) | id[5]!);
}

function badIndex({ key }: archive.IndexObject, what: string): WaywardError {
  return new WaywardError("DATA_LOSS", "BAD_INDEX", `index ${key}: ${what}`);
}
