import { writeFile } from "node:fs/promises";
import { graphDot, graphSvg } from "@wayward/analysis";
import { type AnalyzeCommand, analyze, printRests } from "../../analyzed.ts";
import { write } from "../../output/write.ts";

export interface GraphCommand extends AnalyzeCommand {
  readonly format: "dot" | "svg";
  readonly output?: string;
}

/** `wayward locks graph`: which class is acquired while which is held, for Graphviz or as a picture; cycles in red. */
export async function locksGraph(options: GraphCommand): Promise<void> {
  const analyzed = await analyze(options, { rules: ["order"], tables: ["edges"] });
  const text = (options.format === "svg" ? graphSvg : graphDot)(analyzed);
  if (options.output === undefined) await write(text);
  else await writeFile(options.output, text);
  await printRests(analyzed, { json: false });
}
