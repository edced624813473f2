import { join } from "node:path";
import { until } from "@wayward/testing";
import { oneFile } from "../../deploy/images/one-file.ts";
import type { Apps, Env } from "./apps.ts";
import type { Told } from "./programs/load.ts";
import type { Difference } from "./programs/recorded.ts";
import type { Found } from "./rows.ts";

const SOURCE = join(import.meta.dirname, "programs", "load.ts");
const PROGRAM = "load-program";
const PORT = 8080;

export interface Amount {
  /** Records a second, of all programs together. */
  readonly rate: number;
  /** Each has a connection of its own. */
  readonly programs: number;
}

/** Programs that record in a pod, until they are told to end; each of their records is then held against what is read. */
export class Load {
  readonly #apps: Apps;
  readonly #name: string;
  readonly #address: string;

  private constructor(apps: Apps, name: string, address: string) {
    this.#apps = apps;
    this.#name = name;
    this.#address = address;
  }

  /** Starts it and waits until it records. */
  static async start(apps: Apps, name: string, { rate, programs }: Amount, env: Env): Promise<Load> {
    await apps.provide(PROGRAM, "load.mjs", () => oneFile(SOURCE));
    await apps.startProgram(name, PROGRAM, ["load.mjs", String(programs), String(rate)], env);
    const address = await apps.addressOf(name);
    const load = new Load(apps, name, `http://${address}:${PORT}`);
    await until(`records of ${name}`, () =>
      apps.lab.run(["curl", "--silent", "--fail", load.#at("now")]).then(({ ok }) => ok),
    );
    return load;
  }

  /** Ends it: everything is delivered and read back. Throws with its last words where it has ended by itself. */
  async end(): Promise<Told> {
    const curl = ["curl", "--silent", "--show-error", "--fail-with-body"];
    const { ok, stdout, stderr } = await this.#apps.lab.run([...curl, this.#at("end")], 300_000);
    if (!ok) {
      const words = await this.#apps.kubectl("logs", this.#name, "--tail=15");
      throw new Error(`${stderr}${stdout.slice(-1_000)}${words}`);
    }
    await this.#apps.kubectl("delete", "pod", this.#name, "--wait=false");
    return JSON.parse(stdout);
  }

  #at(path: string): string {
    return `${this.#address}/${path}`;
  }
}

/**
 * Records at this rate while something happens, and holds every record that
 * was sent against what is read, and those of one program against what a
 * watch saw meanwhile.
 */
export async function underLoad(
  apps: Apps,
  name: string,
  amount: Amount,
  env: Env,
  happens: () => Promise<unknown>,
): Promise<Required<Found>> {
  const load = await Load.start(apps, name, amount, env);
  await happens();
  return heldAgainst(await load.end());
}

/** What a load tells, as a row: nothing may be lost or doubled. The rate is what the machine bears. */
export function heldAgainst({ sent, seconds, read, watched, watchEnded, watchGaps, questions }: Told): Required<Found> {
  const rate = sent / seconds;
  const differs = ({ lost, firstLost, doubled, other }: Difference) => {
    const from = firstLost === undefined ? "" : ` from record ${firstLost} on`;
    return lost + doubled + other > 0 && `lost ${lost}${from}, doubled ${doubled}, others ${other}`;
  };
  const { asked, again, unanswered } = questions;
  return {
    facts: `sent ${sent} at ${Math.round(rate / 1000)} k/s, lost 0, doubled 0; ${again} of ${asked} asked twice`,
    wrong: [
      differs(read),
      differs(watched) &&
        `watched: ${differs(watched)}; told of ${watchGaps.length} gaps: ${watchGaps.slice(-3).join(", ")}`,
      watchEnded !== "" && `the watch ended: ${watchEnded}`,
      unanswered.length > 0 && `${unanswered.length} questions had no answer: ${unanswered[0]}`,
    ],
  };
}
