import { here, type Run, report } from "../run.ts";
import type { ClassNode, Context, Edge, Place } from "../state.ts";

/** `context.usage`: one class is acquired in a context and held while that can interrupt. */
export function reportUsage(run: Run, node: ClassNode, context: Context): void {
  report(run, "context.usage", {
    locks: [],
    names: [node.name],
    classes: [node.name, context.name],
    message: `${node.name} is acquired in ${context.name} and held while ${context.name} can interrupt its holder`,
    evidence: [...usedAt(node, "in", context), ...usedAt(node, "on", context), here(run)],
    detail: { context: context.name },
  });
}

/** `context.dependency`: a path of acquisitions leads from the one kind of use to the other. */
export function reportDependency(
  run: Run,
  used: ClassNode,
  enabled: ClassNode,
  context: Context,
  path: readonly Edge[],
): void {
  const names = [used.name, ...path.map(({ to }) => to.name)];
  report(run, "context.dependency", {
    locks: [],
    names,
    classes: [used.name, enabled.name, context.name],
    message: `${used.name} is acquired in ${context.name} and, held, waits for ${names.slice(1).join(", then ")}, which is held while ${context.name} can interrupt`,
    evidence: [
      ...usedAt(used, "in", context),
      ...path.flatMap(({ held, taken }) => [held, taken]),
      ...usedAt(enabled, "on", context),
      here(run),
    ],
    unsure: path.find(({ unsure }) => unsure)?.from.name,
    detail: { context: context.name, path: names },
  });
}

function usedAt({ usedAt: places }: ClassNode, how: "in" | "on", { bit }: Context): Place[] {
  const place = Math.log2(bit);
  return [places.get(`${how}${place}0`), places.get(`${how}${place}1`)].filter((at) => at !== undefined);
}
