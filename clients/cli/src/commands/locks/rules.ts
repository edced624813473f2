import { analyze, type FindingsCommand, printFindings, printRests } from "../../analyzed.ts";
import { type LiveCommand, watchFindings } from "../findings/findings.ts";

/** Rules by command: orders of locks, contexts, waiting and tickets; misuse, and locks held over pauses. */
export const RULES_OF = {
  order: ["order", "context", "wait-type", "nest", "ww"],
  misuse: ["misuse", "held-over"],
} as const;

/** `wayward locks order` and `misuse`: what the rules find in the chosen sessions or, live, what is told of running ones. */
export async function locksRules(which: keyof typeof RULES_OF, options: FindingsCommand & LiveCommand): Promise<void> {
  const rules = RULES_OF[which];
  if (options.live) return watchFindings(rules, options);
  const analyzed = await analyze(options, { rules });
  await printFindings(analyzed, options);
  await printRests(analyzed, options);
}
