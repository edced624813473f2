import { type CycleEdge, laneName, type Site, siteName } from "./cycle.ts";
import { unsafeScenario } from "./unsafe-scenario.ts";

/** A cycle for a person: each edge with both stacks, and how it hangs. Lines; none without edges. */
export function cycleText(cycle: readonly CycleEdge[]): string[] {
  if (cycle.length === 0) return [];
  return [
    "",
    "  The cycle:",
    ...cycle.flatMap(edgeText),
    "",
    "  Possible unsafe scenario:",
    "",
    ...unsafeScenario(cycle).map((line) => `    ${line}`),
  ];
}

function edgeText({ from, to, held, taken, count }: CycleEdge, index: number): string[] {
  // What passes through a call is not counted, nor did older live analyses count.
  const often = !count ? "" : `, seen ${count === 1 ? "once" : `${count} times`}`;
  return [
    "",
    `  ${index + 1}. ${to} is taken while ${from} is held${often}`,
    ...siteText(`${from} taken`, held),
    ...siteText(`${to} taken`, taken),
  ];
}

function siteText(what: string, site: Site): string[] {
  const lane = site.lane === "" ? "" : ` by ${laneName(site)}`;
  const when = site.when === "" ? "" : `, ${site.when}`;
  const where = site.stack.length > 0 ? site.stack : [siteName(site)].filter((name) => name !== "");
  return [`     ${what}${lane}${when}`, ...where.map((frame) => `       at ${frame}`)];
}
