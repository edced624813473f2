/**
 * `npm run e2e:kubernetes`: the Helm chart on a real Kubernetes of one node,
 * in namespaces that enforce `restricted`: installed with no values in both
 * modes, killed, upgraded, uninstalled and installed again under load, with
 * every record counted. One row for each. Ends with 1 where something does
 * not hold, with 77 where there can be no such cluster.
 *
 *     --rate <n>      records a second of each load (default 100000)
 *     --only <story>  one of newcomer, distributed, all-in-one, outside-store, node-collector, access
 *     --no-images     take the images that are in the cluster
 *     --keep          leave the cluster running
 *     --if-built      end with 77 where the cluster's programs are not built: that takes from seven minutes up
 */
import { parseArgs } from "node:util";
import { access } from "./kubernetes/access.ts";
import { allInOne } from "./kubernetes/all-in-one.ts";
import { Apps } from "./kubernetes/apps.ts";
import { distributed } from "./kubernetes/distributed.ts";
import { importImages } from "./kubernetes/images.ts";
import { Lab } from "./kubernetes/lab.ts";
import { newcomer } from "./kubernetes/newcomer.ts";
import { nodeCollector } from "./kubernetes/node-collector.ts";
import { outsideStore } from "./kubernetes/outside-store.ts";
import { Release } from "./kubernetes/release.ts";
import { Rows } from "./kubernetes/rows.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "100000" },
    only: { type: "string" },
    "no-images": { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    "if-built": { type: "boolean", default: false },
  },
});
const amount = { rate: Number(values.rate), programs: 8 };

const lab = Lab.find(values["if-built"]);
if (typeof lab === "string") {
  process.stderr.write(`!!! NO KUBERNETES HERE: the chart is not tried on a cluster (${lab})\n`);
  process.exit(77);
}

const rows = new Rows();
let ran = false;
const begun = performance.now();
await rows.story(async () => {
  await rows.row("a cluster", async () => {
    ran = await lab.up(...(lab.hasMetrics ? ["--metrics"] : []));
    return { facts: ran ? "was up" : "started" };
  });
  if (!values["no-images"])
    await rows.row("images", async () => ({ facts: `${(await importImages(lab)).length} imported` }));
  const apps = new Apps(lab, "wayward-apps");
  await apps.forget();
  await apps.makeNamespace();
  const stories = {
    newcomer: () => newcomer(lab, rows),
    distributed: () => distributed(lab, apps, rows, amount),
    "all-in-one": () => allInOne(lab, apps, rows),
    "outside-store": () => outsideStore(lab, apps, rows, amount),
    "node-collector": () => nodeCollector(lab, rows),
    access: () => access(lab, apps, rows, amount),
  };
  for (const [name, play] of Object.entries(stories)) {
    if (values.only !== undefined && values.only !== name) continue;
    await Release.forgetAll(lab, apps.namespace);
    await rows.story(play);
  }
  await apps.forget();
});
if (!ran && !values.keep) await lab.must(["down"]);
process.stdout.write(
  `${rows.done - rows.failed} of ${rows.done} rows hold, ${Math.round((performance.now() - begun) / 1000)} s\n`,
);
process.exitCode = rows.failed === 0 ? 0 : 1;
