import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { blockedView } from "./blocked.ts";
import { lockstatView } from "./lockstat.ts";
import { splatView } from "./splat.ts";
import { detailView } from "./splat-detail.ts";
import { SPLAT_SORTS } from "./splat-sort.ts";

const page = readFileSync(new URL("../../../../docs/lock-views.md", import.meta.url), "utf8");
const sections = new Map(page.split(/^## /m).map((part) => [part.split("\n", 1)[0]!, part]));

/** Cells of a section's table, without its head. */
function rowsOf(title: string): string[][] {
  const lines = (sections.get(title) ?? "").split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}

const views = [...lockstatView([]), ...splatView([]), ...detailView([]), blockedView([])];

test.each(views.map((view) => [view.title.split(",", 1)[0]!, view] as const))(
  "docs/lock-views.md has the fields of %s",
  (title, { columns }) => {
    expect(rowsOf(title)).toEqual(columns.map(({ name, title, unit, meaning }) => [name, title, unit, meaning]));
  },
);

test("docs/lock-views.md has the sort keys", () => {
  expect(rowsOf("Sort keys")).toEqual(Object.entries(SPLAT_SORTS));
});
