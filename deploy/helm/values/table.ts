import type { Value } from "./tree.ts";

const BEGIN = "<!-- values: made by npm run generate:chart -->";
const END = "<!-- end of values -->";

/** The README with a table of these values between its two marks. Throws where a mark is missing. */
export function withTable(readme: string, values: readonly Value[]): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the README lacks ${BEGIN} or ${END}`);
  return `${before}${BEGIN}\n\n${tableOf(values)}\n\n${END}${after}`;
}

function tableOf(values: readonly Value[]): string {
  const rows = values.flatMap(rowsOf).map((row) => `| ${row.join(" | ")} |`);
  return ["| value | default | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

/** A map whose values have no comments of their own is told by its own, in one row. */
function rowsOf({ path, fallback, children, meaning }: Value): string[][] {
  const text = meaning.replaceAll("|", "\\|");
  if (!children.some((child) => child.meaning !== ""))
    return [[`\`${path}\``, `\`${JSON.stringify(fallback)}\``, text]];
  return [[`**\`${path}\`**`, "", text], ...children.flatMap(rowsOf)];
}
