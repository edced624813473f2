import {
  blockedView,
  detailView,
  lockstatText,
  lockstatView,
  SPLAT_SORTS,
  type SplatSort,
  splatView,
  type View,
  viewObjects,
  viewText,
} from "@wayward/analysis";
import { WaywardError } from "@wayward/base";
import type { Analyzed } from "@wayward/client";
import { type AnalyzeCommand, analyze, printRests } from "../../analyzed.ts";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";
import { parseCount } from "../../selection.ts";

export interface StatCommand extends AnalyzeCommand {
  readonly view: "lockstat" | "splat" | "detail" | "blocked";
  readonly sort?: string;
  readonly lock?: string;
  readonly top: string;
}

/** Tables that the views are made from. */
const TABLES = ["locks", "points", "sessions", "conditions", "users", "blocked"];

/** `wayward locks stat`: contention as lockstat and splat show it, and who blocks whom. */
export async function locksStat(options: StatCommand): Promise<void> {
  const sort = sortOf(options.sort);
  const top = parseCount("--top", options.top);
  const analyzed = await analyze(options, { rules: ["live"], tables: TABLES, detail: options.view === "detail" });
  const views = viewsOf(analyzed, options, sort, top);
  if (options.json) {
    for (const view of views) for (const row of viewObjects(view)) await write(jsonLine({ view: view.title, ...row }));
  } else if (options.view === "lockstat") await write(lockstatText(lockstatView(analyzed.tables, { top })));
  else await write(viewText(views));
  await printRests(analyzed, options);
}

function viewsOf({ tables }: Analyzed, { view, lock }: StatCommand, sort: SplatSort, top: number): View[] {
  switch (view) {
    case "lockstat":
      return lockstatView(tables, { top });
    case "splat":
      return splatView(tables, { sort, top });
    case "detail":
      return detailView(tables, { sort, top, ...(lock === undefined ? {} : { lock }) });
    case "blocked":
      return [blockedView(tables, { top })];
  }
}

function sortOf(text = "S"): SplatSort {
  const known = Object.keys(SPLAT_SORTS) as SplatSort[];
  const found = known.find((key) => key === text);
  if (found !== undefined) return found;
  const message = `--sort is "${text.slice(0, 20)}", not one of ${known.join(", ")}`;
  throw new WaywardError("INVALID_ARGUMENT", "BAD_OPTION", message);
}
