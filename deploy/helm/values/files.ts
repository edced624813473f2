import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { schemaOf } from "./schema.ts";
import { withTable } from "./table.ts";
import { CHART, readValues } from "./tree.ts";

/** Dashboards and alerts as they are kept for all ways to run, outside of the chart. */
const MONITORING = join(CHART, "..", "..", "monitoring");

/** What is made of other files and stands in the chart: text by path. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const values = readValues();
  const readme = join(CHART, "README.md");
  return new Map([
    [join(CHART, "values.schema.json"), `${JSON.stringify(schemaOf(values), undefined, 2)}\n`],
    [readme, withTable(readFileSync(readme, "utf8"), values)],
    ...copiesOf("dashboards", ".json"),
    ...copiesOf("rules", ".yaml"),
  ]);
}

/** Helm packs no file from outside of a chart, and warns of links: so these are copies. */
function copiesOf(folder: string, ending: string): [string, string][] {
  const from = join(MONITORING, folder);
  const names = existsSync(from) ? readdirSync(from).filter((name) => name.endsWith(ending)) : [];
  return names.map((name) => [join(CHART, "monitoring", folder, name), readFileSync(join(from, name), "utf8")]);
}
