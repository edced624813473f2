import { writeFile } from "node:fs/promises";
import { graphDot, graphSvg, orderGraph } from "@wayward/analysis";
import type { Analyzed } from "@wayward/client";
import { type AnalyzeCommand, analyze, printRests } from "../../analyzed.ts";
import { jsonLine } from "../../output/json.ts";
import { write } from "../../output/write.ts";

export interface GraphCommand extends AnalyzeCommand {
  readonly format: "dot" | "svg";
  readonly output?: string;
}

/** `wayward locks graph`: which class is acquired while which is held, for Graphviz or as a picture; cycles in red. */
export async function locksGraph(options: GraphCommand): Promise<void> {
  const analyzed = await analyze(options, { rules: ["order"], tables: ["edges"] });
  const text = options.json ? graphJson(analyzed) : (options.format === "svg" ? graphSvg : graphDot)(analyzed);
  if (options.output === undefined) await write(text);
  else await writeFile(options.output, text);
  await printRests(analyzed, options);
}

/** The graph for programs: a line a node, then a line an edge; docs/json.md. */
function graphJson(analyzed: Analyzed): string {
  const { nodes, edges } = orderGraph(analyzed);
  return [...nodes.map((node) => ({ node })), ...edges].map(jsonLine).join("");
}
