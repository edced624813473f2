const LF = 10;
const SPACE = 32;
const ZERO = 48;
const NINE = 57;
/** `M` and `H`, without the bit of lower case: MSG and HMSG carry a message behind their line. */
const MESSAGE = 77;
const MESSAGE_WITH_HEADERS = 72;
const UPPER = 0xdf;
/** Line end behind a message. */
const END_BYTES = 2;
/** An operation from this length on is a piece of its own: whoever keeps its message keeps nothing else. */
const OWN_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts what a NATS server sends so that each operation is whole in one piece
 * of memory that is its own: each byte is copied once. The library's parser
 * collects a message that came in several reads in a buffer that it grows,
 * with two to three times the copies and the memory.
 */
export class Framing {
  readonly #emit: (piece: Uint8Array) => void;
  /** A line whose end has not come. */
  #line: Buffer = NOTHING;
  /** An operation whose message has not come whole, and how much of it is there. */
  #whole: Buffer | undefined;
  #filled = 0;

  /** `emit` gets pieces that end where an operation ends. */
  constructor(emit: (piece: Uint8Array) => void) {
    this.#emit = emit;
  }

  /** Takes what was read next, and keeps nothing of it but copies. */
  take(read: Buffer): void {
    let bytes = this.#fill(read);
    if (this.#line.length > 0 && bytes.length > 0) {
      bytes = Buffer.concat([this.#line, bytes]);
      this.#line = NOTHING;
    }
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const lineEnd = bytes.indexOf(LF, at);
      const end = lineEnd < 0 ? Number.POSITIVE_INFINITY : endOf(bytes, at, lineEnd);
      if (end - at >= OWN_BYTES) {
        this.#pass(bytes, from, at);
        if (end <= bytes.length) this.#pass(bytes, at, end);
        from = end;
      }
      if (end > bytes.length) {
        this.#pass(bytes, from, at);
        this.#keep(bytes.subarray(at), lineEnd < 0 ? undefined : end - at);
        return;
      }
      at = end;
    }
    this.#pass(bytes, from, at);
  }

  #pass(bytes: Buffer, from: number, until: number): void {
    if (until > from) this.#emit(copyOf(bytes.subarray(from, until)));
  }

  /** Puts what belongs there into the message under way; tells what is left. */
  #fill(read: Buffer): Buffer {
    const whole = this.#whole;
    if (whole === undefined) return read;
    const part = read.subarray(0, whole.length - this.#filled);
    whole.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < whole.length) return NOTHING;
    this.#whole = undefined;
    this.#emit(whole);
    return read.subarray(part.length);
  }

  /** Keeps the begin of an operation; `length` is the whole one's, if its line is there. */
  #keep(begin: Buffer, length: number | undefined): void {
    if (length === undefined) {
      this.#line = Buffer.from(begin);
      return;
    }
    this.#whole = Buffer.allocUnsafeSlow(length);
    this.#whole.set(begin);
    this.#filled = begin.length;
  }
}

/** Small copies may share memory. */
function copyOf(bytes: Buffer): Buffer {
  const copy = bytes.length < OWN_BYTES ? Buffer.allocUnsafe(bytes.length) : Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Where the operation ends that begins at `at`. Its line's last word is the length of its message, if it has one. */
function endOf(bytes: Buffer, at: number, lineEnd: number): number {
  const begin = (bytes[at] ?? 0) & UPPER;
  if (begin !== MESSAGE && begin !== MESSAGE_WITH_HEADERS) return lineEnd + 1;
  return lineEnd + 1 + lastNumber(bytes, at, lineEnd) + END_BYTES;
}

function lastNumber(bytes: Buffer, at: number, lineEnd: number): number {
  let until = lineEnd;
  while (until > at && (bytes[until - 1] ?? 0) <= SPACE) until--;
  let from = until;
  while (from > at && isDigit(bytes[from - 1] ?? 0)) from--;
  let number = 0;
  for (let place = from; place < until; place++) number = number * 10 + (bytes[place] ?? ZERO) - ZERO;
  return number;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
