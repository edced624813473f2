import type { Client, ClientFinding } from "@wayward/client";
import { findingJson, findingText } from "../output/finding.ts";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";
import { knownSuppressions, type Suppressions } from "./known.ts";
import { suppressionsNote } from "./note.ts";

export interface ShowOptions {
  readonly json?: boolean;
  /** Suppressed ones too, marked. */
  readonly all?: boolean;
}

/** Prints findings but those that are suppressed, and counts these. */
export class ShownFindings {
  shown = 0;
  readonly #client: Client;
  readonly #options: ShowOptions;
  readonly #suppressed = new Set<string>();
  readonly #expired = new Set<string>();
  #suppressions: Suppressions | undefined;
  #readAt = 0;

  constructor(client: Client, options: ShowOptions) {
    this.#client = client;
    this.#options = options;
  }

  async add(finding: ClientFinding): Promise<void> {
    const suppression = (await this.#known()).of(finding);
    if (suppression?.expired === false) this.#suppressed.add(finding.fingerprint);
    if (suppression?.expired === true) this.#expired.add(finding.fingerprint);
    const { json, all } = this.#options;
    if (suppression?.expired === false && !all) return;
    this.shown++;
    await write(json ? jsonLine(findingJson(finding, suppression)) : `${findingText(finding, { suppression })}\n`);
  }

  /** Says on stderr how many were suppressed. */
  note(): void {
    const how = this.#options.all ? "" : "; --all shows them";
    process.stderr.write(suppressionsNote(this.#suppressed.size, this.#expired.size, how));
  }

  async #known(): Promise<Suppressions> {
    const now = performance.now();
    if (this.#suppressions === undefined || now - this.#readAt > FRESH_MS) {
      this.#suppressions = await knownSuppressions(this.#client, this.#suppressions);
      this.#readAt = now;
    }
    return this.#suppressions;
  }
}

/** Who watches live hears of suppressions that others set meanwhile; so old they may be. */
const FRESH_MS = 1000;
