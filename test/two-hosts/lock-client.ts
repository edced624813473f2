import { connect } from "node:net";
import { createInterface } from "node:readline";

/** A connection to the lock server. One asks at a time. */
export class LockClient {
  readonly #socket;
  readonly #answers: AsyncIterator<string>;

  /** `address` is `host:port`. */
  constructor(address: string) {
    const [host = "", port = ""] = address.split(":");
    this.#socket = connect(Number(port), host);
    this.#answers = createInterface(this.#socket)[Symbol.asyncIterator]();
  }

  /** True when the lock is held; false after so many milliseconds. */
  async take(name: string, ms: number): Promise<boolean> {
    this.#socket.write(`take ${name} ${ms}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the lock server has gone while ${name} was waited for`);
    return value === `got ${name}`;
  }

  give(name: string): void {
    this.#socket.write(`give ${name}\n`);
  }

  end(): void {
    this.#socket.end();
  }
}
