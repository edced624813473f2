import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

/** Where the chart lies. */
export const CHART = join(import.meta.dirname, "..", "wayward");

/** One value of the chart, as values.yaml tells it. */
export interface Value {
  readonly name: string;
  /** With dots between. */
  readonly path: string;
  /** The comment above it, in one line. */
  readonly meaning: string;
  readonly fallback: unknown;
  /** Values below it; none where what may stand there is not the chart's to say. */
  readonly children: readonly Value[];
}

/** All values of the chart in the order of values.yaml. */
export function readValues(): readonly Value[] {
  const document = parseDocument(readFileSync(join(CHART, "values.yaml"), "utf8"));
  if (document.errors.length > 0 || !isMap(document.contents)) throw new Error(`values.yaml: ${document.errors[0]}`);
  // The comment at the head of the file belongs to the file, not to the first value.
  return childrenOf(document.contents, "");
}

/** Every value below these, and themselves. */
export function flatten(values: readonly Value[]): Value[] {
  return values.flatMap((value) => [value, ...flatten(value.children)]);
}

function childrenOf(map: YAMLMap, above: string): Value[] {
  return map.items.map((pair, index) => {
    const name = nameOf(pair);
    const path = above === "" ? name : `${above}.${name}`;
    // Above the first of a map the parser gives the comment to the map.
    const comment = commentOf(pair) ?? (index === 0 ? map.commentBefore : undefined);
    return {
      name,
      path,
      meaning: sentence(comment),
      fallback: plain(pair),
      children: isMap(pair.value) && !isOpen(name, pair.value) ? childrenOf(pair.value, path) : [],
    };
  });
}

/** What Kubernetes defines and not the chart. */
const OPEN = new Set(["resources", "labels"]);

function isOpen(name: string, map: YAMLMap): boolean {
  return map.items.length === 0 || OPEN.has(name);
}

function nameOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function plain({ value }: Pair): unknown {
  if (isScalar(value)) return value.value;
  return value !== null && typeof value === "object" && "toJSON" in value ? (value as YAMLMap).toJSON() : value;
}

function commentOf({ key }: Pair): string | null | undefined {
  return isScalar(key) ? key.commentBefore : undefined;
}

function sentence(comment: string | null | undefined): string {
  const paragraphs = (comment ?? "").split(/\n\s*\n/);
  return (paragraphs.at(-1) ?? "").replaceAll(/\s+/g, " ").trim();
}
