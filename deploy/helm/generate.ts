/**
 * `npm run generate:chart`: the chart's schema and the table of its README,
 * from values.yaml and the services' settings; the dashboards and alerts that
 * it holds; and the kept renders, where there is a helm.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { findBinary } from "@wayward/testing";
import { render } from "./testing/helm.ts";
import { KEPT, keptPath } from "./testing/renders.ts";
import { generatedFiles } from "./values/files.ts";

for (const [path, text] of generatedFiles()) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if ((await findBinary("helm")).path === undefined)
  process.stderr.write("!!! no helm here: the renders are left as they are\n");
else for (const { name, args } of KEPT) writeFileSync(keptPath(name), await render(...args));
