import { join } from "node:path";
import { CHART } from "../values/tree.ts";

/** A set of values whose render is kept, to be read by eye when it changes. */
export interface KeptRender {
  readonly name: string;
  readonly args: readonly string[];
}

const preset = (name: string) => ["--values", join(CHART, "presets", `${name}.yaml`)];

/** What is kept in `renders/`: no values at all, each preset, doors that the chart closes itself, and everything that can be switched on. */
export const KEPT: readonly KeptRender[] = [
  { name: "default", args: [] },
  { name: "all-in-one", args: ["--set", "mode=allInOne"] },
  { name: "closed", args: ["--set", "keys.enabled=true,tls.enabled=true,collector.daemonSet.enabled=true"] },
  { name: "all-in-one-closed", args: ["--set", "mode=allInOne,keys.enabled=true,tls.enabled=true"] },
  { name: "small", args: preset("small") },
  { name: "medium", args: preset("medium") },
  { name: "large", args: preset("large") },
  { name: "everything", args: ["--values", join(import.meta.dirname, "everything.yaml")] },
];

/** Where a render is kept. */
export function keptPath(name: string): string {
  return join(import.meta.dirname, "..", "renders", `${name}.yaml`);
}
