/**
 * `npm run bench`: measures, and prints each figure beside what it must be.
 * `--quick` takes smaller sizes, `--only P1,P10` some, `--json FILE` writes them.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { event } from "./agent.ts";
import { flat, pairing } from "./block.ts";
import type { Bench, Figure } from "./figure.ts";
import { pipeline } from "./pipeline.ts";
import { startUp } from "./start.ts";

const BENCHES: readonly { readonly ids: readonly string[]; readonly bench: Bench }[] = [
  { ids: ["S", "M"], bench: startUp },
  { ids: ["P4"], bench: event },
  { ids: ["P10"], bench: pairing },
  { ids: ["P1", "P2", "P3", "M"], bench: pipeline },
  { ids: ["P11"], bench: flat },
];
const NOT_MEASURED = [
  "P3b: CPU against ts-proto rows and DuckDB Parquet",
  "P4b-d: against the OTel SDK, against pino, an HTTP request with zone and log",
  "P7: archive against Parquet",
  "P8: slices, text search and groups against DuckDB",
  "P9: block made to observer",
];

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" }, json: { type: "string" } },
});
const only = values.only?.split(",");
const figures: Figure[] = [];
for (const { ids, bench } of BENCHES) {
  if (only !== undefined && !ids.some((id) => only.includes(id))) continue;
  for (const figure of await bench({ quick: values.quick })) {
    figures.push(figure);
    process.stdout.write(`${line(figure)}\n`);
  }
}
for (const what of NOT_MEASURED) process.stdout.write(`${"not measured".padEnd(16)} ${what}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 1)}\n`);

function line({ id, what, value, unit, op, must, aim }: Figure): string {
  const holds = (limit: number) => (op === "<=" ? value <= limit : value >= limit);
  const verdict = holds(aim) ? "meets the aim" : holds(must) ? "meets the must" : "FALLS SHORT";
  return `${verdict.padEnd(16)} ${id.padEnd(4)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(4)} must ${op} ${must}, aim ${aim}  ${what}`;
}
