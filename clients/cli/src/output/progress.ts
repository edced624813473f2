/** Counts on stderr while something takes longer than a second; silent where stderr or stdout is no one's screen. */
export class Progress {
  #count = 0;
  #shown = 0;
  readonly #what: string;
  readonly #start = Date.now();
  readonly #visible = process.stderr.isTTY === true && process.stdout.isTTY !== true;

  constructor(what: string) {
    this.#what = what;
  }

  add(count: number): void {
    this.#count += count;
    // The clock is not asked for every record.
    if (!this.#visible || (this.#count & 0xfff) !== 0) return;
    const now = Date.now();
    if (now - this.#start < 1000 || now - this.#shown < 200) return;
    this.#shown = now;
    process.stderr.write(`\r${this.#count} ${this.#what}`);
  }

  end(): void {
    if (this.#shown > 0) process.stderr.write("\r\u001b[K");
  }
}

/** Shows how much of something is done, on stderr, once that takes longer than a second. */
export class ShareProgress {
  #shown = false;
  readonly #what: string;
  readonly #start = Date.now();
  readonly #visible = process.stderr.isTTY === true;

  constructor(what: string) {
    this.#what = what;
  }

  show(done: number, all: number): void {
    if (!this.#visible || Date.now() - this.#start < 1000) return;
    this.#shown = true;
    process.stderr.write(`\r${done} of ${all} ${this.#what}`);
  }

  end(): void {
    if (this.#shown) process.stderr.write("\r\u001b[K");
  }
}
