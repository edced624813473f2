/** A buffer that is kept from call to call: it belongs to the caller until the next `take`. */
export class Scratch {
  #bytes = Buffer.allocUnsafeSlow(4096);

  take(bytes: number): Buffer {
    if (bytes > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(Math.max(bytes, this.#bytes.length * 2));
    return this.#bytes;
  }
}
