/**
 * `npm run bench`: measures, and prints each figure beside what it must be.
 * `--quick` takes smaller sizes, `--only P1,P10` some, `--json FILE` writes
 * them. Ends with code 1 where a bench failed; with `--strict` also where a
 * figure falls short of its must or its peers cannot be installed.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { event } from "./agent.ts";
import { flat, pairing } from "./block.ts";
import { cost } from "./cost.ts";
import { delivered } from "./delivered.ts";
import { encoding } from "./encoding.ts";
import type { Bench, Figure } from "./figure.ts";
import { live } from "./live.ts";
import { lockFold } from "./lock-fold.ts";
import { lockPool } from "./lock-pool.ts";
import { lockSlowdown } from "./lock-slowdown.ts";
import { lockSummaries } from "./lock-summaries.ts";
import { archive } from "./parquet.ts";
import { installPeers, NoPeers } from "./peers.ts";
import { pipeline } from "./pipeline.ts";
import { questions } from "./questions.ts";
import { request } from "./request.ts";
import { rows } from "./rows.ts";
import { isAsked } from "./select.ts";
import { startUp } from "./start.ts";
import { switching } from "./switching.ts";
import { violations } from "./violations.ts";

interface Entry {
  /** Of every figure that it measures. */
  readonly ids: readonly string[];
  readonly bench: Bench;
  /** Measures against packages of bench/peers. */
  readonly peers?: boolean;
}

const BENCHES: readonly Entry[] = [
  { ids: ["S1", "S2", "M1"], bench: startUp },
  { ids: ["P4a"], bench: event },
  { ids: ["P4b", "P4c"], bench: delivered, peers: true },
  { ids: ["P4d"], bench: request },
  { ids: ["P4e"], bench: encoding },
  { ids: ["P10"], bench: pairing },
  { ids: ["P1a", "P1b", "P2a", "P2b", "P3a", "M2", "M3", "M4", "M5"], bench: pipeline },
  { ids: ["P3b"], bench: rows, peers: true },
  { ids: ["P7a", "P7b"], bench: archive, peers: true },
  { ids: ["P8a", "P8b", "P8c", "P8d"], bench: questions, peers: true },
  { ids: ["P9a", "P9b", "P9c"], bench: live },
  { ids: ["P11"], bench: flat },
  { ids: ["L1"], bench: lockFold },
  { ids: ["L2a", "L2b"], bench: lockPool },
  { ids: ["L3a", "L3b"], bench: lockSlowdown },
  { ids: ["L4"], bench: violations },
  { ids: ["L5"], bench: switching },
  { ids: ["L6"], bench: lockSummaries },
  { ids: Array.from({ length: 16 }, (_, index) => `C${index + 1}`), bench: cost },
];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
  },
});
const only = values.only?.split(",");
const all = BENCHES.flatMap(({ ids }) => ids);
const unknown = (only ?? []).filter((part) => !all.some((id) => isAsked(id, [part])));
if (unknown.length > 0) {
  process.stderr.write(`no figure is called ${unknown.join(", ")}; there are ${all.join(", ")}\n`);
  process.exit(2);
}
const figures: Figure[] = [];
let missing = 0;
for (const { ids, bench, peers = false } of BENCHES) {
  const asked = ids.filter((id) => isAsked(id, only));
  if (asked.length === 0) continue;
  try {
    if (peers) installPeers();
    const made = await bench({ quick: values.quick });
    for (const figure of made.filter(({ id }) => isAsked(id, only))) {
      figures.push(figure);
      process.stdout.write(`${line(figure)}\n`);
    }
  } catch (error) {
    missing += asked.length;
    process.stdout.write(`${"NOT MEASURED".padEnd(16)} ${asked.join(", ")}: ${error}\n`);
    if (error instanceof NoPeers) continue;
    process.exitCode = 1;
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 1)}\n`);
if (values.strict && (missing > 0 || figures.some((figure) => !holds(figure, figure.must)))) process.exitCode = 1;

function line(figure: Figure): string {
  const { id, what, value, unit, op, must, aim } = figure;
  const shown = value.toFixed(value < 1 ? 3 : 2).padStart(8);
  if (must === undefined || aim === undefined)
    return `${"shown".padEnd(16)} ${id.padEnd(4)} ${shown} ${unit.padEnd(4)} ${what}`;
  const verdict = holds(figure, aim) ? "meets the aim" : holds(figure, must) ? "meets the must" : "FALLS SHORT";
  return `${verdict.padEnd(16)} ${id.padEnd(4)} ${shown} ${unit.padEnd(4)} must ${op} ${short(must)}, aim ${short(aim)}  ${what}`;
}

/** At most three digits that count: 1/15 is shown as 0.0667. */
function short(limit: number): string {
  return String(Number(limit.toPrecision(3)));
}

/** What has no limit is only shown. */
function holds({ value, op }: Figure, limit: number | undefined): boolean {
  if (limit === undefined) return true;
  return op === "<=" ? value <= limit : value >= limit;
}
