import type { Finding } from "./finding.ts";
import { valuesOf } from "./metrics.ts";

/** Below this share of it a disk is full soon, as for the alert. */
const FREE_SHARE_LEAST = 0.1;

/** Says how much room the fullest disk has that holds a bus or an archive; undefined where nobody tells of one. */
export function diskFinding(
  looks: readonly { readonly address: string; readonly metrics: string }[],
): Finding | undefined {
  const told = looks.flatMap(({ address, metrics }) => {
    const [free] = valuesOf(metrics, "wayward_disk_free_bytes");
    const [all] = valuesOf(metrics, "wayward_disk_bytes");
    return free === undefined || all === undefined || all === 0 ? [] : [{ address, free, share: free / all }];
  });
  const [least] = told.toSorted((a, b) => a.share - b.share);
  if (least === undefined) return undefined;
  const what = `the disk of ${least.address} has ${(least.free / 1e9).toFixed(1)} GB left, ${(least.share * 100).toFixed(1)} % of it`;
  if (least.share >= FREE_SHARE_LEAST) return { hop: "disk", ok: true, what };
  return { hop: "disk", ok: false, what, fix: "docs/operate/runbooks/WaywardDiskFilling.md" };
}
