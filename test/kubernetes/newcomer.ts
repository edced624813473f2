import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Rows } from "./rows.ts";

const README = join(import.meta.dirname, "..", "..", "README.md");
/** What the README's lines print: of the program that was recorded, and of what is wrong with the other one. */
const READ = "hello from a pod";
const FINDING = "error order.inversion";
/** How often a person asks before something is taken to be wrong. */
const ASKED_MAX = 3;
/** Its pods. */
const PODS = ["recorded", "ask", "transfers", "judge"];

/** The README's section on Kubernetes, line by line as it stands there. */
export async function newcomer(lab: Lab, rows: Rows): Promise<void> {
  const release = new Release(lab, "wayward");
  const clean = async () => {
    await release.forget();
    await lab.run(["kubectl", "delete", "pod", ...PODS, "--ignore-not-found", "--grace-period=1"]);
  };
  await clean();
  const begun = performance.now();
  let said = "";
  for (const line of commands()) {
    await rows.row(`newcomer: ${line.split(" ").slice(0, 2).join(" ")}`, async () => {
      said += await lab.must(line.split(" "), 600_000);
      return { facts: "" };
    });
  }
  // Findings are told live: where the program has only just ended, the README says to ask again.
  let asked = 1;
  for (; asked < ASKED_MAX && !said.includes(FINDING); asked++) {
    said += await lab.must(commands().at(-1)!.split(" "), 600_000);
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  await rows.row("newcomer: a record, and a finding", async () => {
    const missing = [READ, FINDING].filter((words) => !said.includes(words));
    return {
      facts: `${FINDING}, ${seconds} s after the first command, asked ${asked} times`,
      wrong: missing.map((words) => `"${words}" is not in ${said}`),
    };
  });
  await clean();
}

function commands(): string[] {
  const section =
    readFileSync(README, "utf8")
      .split("\n## ")
      .find((part) => part.startsWith("On Kubernetes")) ?? "";
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1];
  if (block === undefined) throw new Error("the README has no commands for Kubernetes");
  return block.trim().split("\n");
}
