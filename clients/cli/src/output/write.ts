import { once } from "node:events";

/** Writes to stdout and waits while its reader is slower. */
export async function write(text: string): Promise<void> {
  if (text !== "" && !process.stdout.write(text)) await once(process.stdout, "drain");
}

/** Gathers lines, so that millions of records do not cost a system call each. */
export class Lines {
  #held: string[] = [];
  #bytes = 0;

  async add(line: string): Promise<void> {
    this.#held.push(line);
    this.#bytes += line.length;
    if (this.#bytes > 64 * 1024) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#held.join("");
    this.#held = [];
    this.#bytes = 0;
    await write(text);
  }
}
