import { join } from "node:path";
import { Started } from "../../samples/cluster/process.ts";

/** What a client of the server has seen. */
export interface Answers {
  /** Answers with a status of 200 to 299. */
  readonly answered: number;
  /** All others: another status, no answer in time, a connection that broke. */
  readonly failed: number;
}

/** Requests in flight, each on a connection of its own; as many failures say that the server is gone. */
const CONNECTIONS = "20";

/** A running autocannon, which asks for `url` so many times and ends earlier where the server is gone. */
export class Load {
  readonly #autocannon: Started;

  constructor(url: string, requests: number) {
    const program = join(import.meta.dirname, "node_modules/autocannon/autocannon.js");
    const args = [program, "--json", "-a", String(requests), "-c", CONNECTIONS, "--bailout", CONNECTIONS, url];
    this.#autocannon = new Started(process.execPath, args, {});
  }

  /** Its count, once it has ended. Throws if it has none to give. */
  async answers(): Promise<Answers> {
    await this.#autocannon.ended;
    const line = await this.#autocannon.says(/^\{.*\}$/m, 0);
    const { "2xx": answered, non2xx, errors } = JSON.parse(line);
    return { answered, failed: non2xx + errors };
  }
}
