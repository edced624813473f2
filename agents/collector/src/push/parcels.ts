import { fstatSync, readSync } from "node:fs";

/** Bytes before the block in its message at most: tag and length of the first field. */
const HEAD_BYTES = 5;
/** Bytes after it: tag and value of the second field. */
const TAIL_BYTES = 9;
const BLOCK_TAG = 0x0a;
const SENT_TAG = 0x11;

/** Rooms that wait for another block at most; a full one has 850 kB. */
const SPARE_MAX = 8;
/** A room's least size: many blocks have less than this. */
const ROOM_BYTES = 64 * 1024;

/** A block as the PushRequest that carries it: read from its file into its message, which nobody copies or serialises. */
export class Parcel {
  readonly room: Buffer;
  /** The block's bytes, until the parcel is given back. */
  readonly block: Buffer;

  constructor(room: Buffer, bytes: number) {
    this.room = room;
    this.block = room.subarray(HEAD_BYTES, HEAD_BYTES + bytes);
  }

  /** The serialised message; `sent` in nanoseconds of the pusher's clock. */
  message(sent: bigint): Buffer {
    const { room } = this;
    const { length } = this.block;
    const from = HEAD_BYTES - 1 - varintLength(length);
    room[from] = BLOCK_TAG;
    let at = from + 1;
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) room[at++] = (rest & 0x7f) | 0x80;
    room[at] = rest;
    const end = HEAD_BYTES + length;
    room[end] = SENT_TAG;
    room.writeBigUInt64LE(sent, end + 1);
    return room.subarray(from, end + TAIL_BYTES);
  }
}

/**
 * The parcels on their way, and room for the next ones. Fresh memory for each
 * block would have the whole heap of this thread marked every few megabytes,
 * by threads of its own, which costs as much as all the pushing.
 */
export class Parcels {
  readonly #spare: Buffer[] = [];
  /** By session and seq. */
  readonly #sent = new Map<string, Parcel>();

  /** Reads an open file. Throws what the file system throws. */
  read(file: number): Parcel {
    const { size } = fstatSync(file);
    const room = this.#room(HEAD_BYTES + size + TAIL_BYTES);
    return new Parcel(room, readSync(file, room, HEAD_BYTES, size, 0));
  }

  /** The parcel belongs to the connection until the server has answered it. */
  sent(session: string, seq: bigint, parcel: Parcel): void {
    this.#sent.set(`${session}/${seq}`, parcel);
  }

  /** The server has answered this block: it has read all of the message. */
  answered(session: string, seq: bigint): void {
    const key = `${session}/${seq}`;
    const parcel = this.#sent.get(key);
    if (parcel === undefined) return;
    this.#sent.delete(key);
    this.giveBack(parcel);
  }

  /** Nobody reads this parcel any more. */
  giveBack({ room }: Parcel): void {
    if (this.#spare.length < SPARE_MAX) this.#spare.push(room);
  }

  /** The connection is gone, and may still hold what was sent. */
  forget(): void {
    this.#sent.clear();
  }

  #room(bytes: number): Buffer {
    const spare = this.#spare.pop();
    if (spare !== undefined && spare.length >= bytes) return spare;
    return Buffer.allocUnsafeSlow(Math.max(ROOM_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
  }
}

/** Bytes of a length below 2^28. */
function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}
