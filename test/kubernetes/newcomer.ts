import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./lab.ts";
import { Release } from "./release.ts";
import type { Rows } from "./rows.ts";

const README = join(import.meta.dirname, "..", "..", "README.md");
/** What the README's last line prints. */
const READ = "hello from a pod";

/** The README's section on Kubernetes, line by line as it stands there. */
export async function newcomer(lab: Lab, rows: Rows): Promise<void> {
  const release = new Release(lab, "wayward");
  const clean = async () => {
    await release.forget();
    await lab.run(["kubectl", "delete", "pod", "recorded", "ask", "--ignore-not-found"]);
  };
  await clean();
  let last = "";
  for (const line of commands()) {
    await rows.row(`newcomer: ${line.split(" ").slice(0, 2).join(" ")}`, async () => {
      last = await lab.must(line.split(" "), 600_000);
      return { facts: "" };
    });
  }
  await rows.row("newcomer: what the program did is read", async () => {
    return { facts: READ, wrong: [!last.includes(READ) && `not in ${last}`] };
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
