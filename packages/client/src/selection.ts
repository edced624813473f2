import { selection } from "@wayward/api";
import { unwrap, WaywardError } from "@wayward/base";
import { parseSessionText } from "@wayward/record";

/** Which records of which sessions. What is given must all hold; in a list any value does. */
export interface Selection {
  /** Session ids as text. */
  readonly sessions?: readonly string[] | undefined;
  /** Run ids as UUIDs, with or without dashes. */
  readonly runs?: readonly string[] | undefined;
  /** Session and host names, with `*` for any characters. */
  readonly names?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** First included, last not, in nanoseconds since 1970. */
  readonly from?: bigint | undefined;
  readonly until?: bigint | undefined;
  /** Kinds (`zone.begin`) or families (`zone`). */
  readonly kinds?: readonly string[] | undefined;
  /** Lane names with `*`, or numbers. */
  readonly lanes?: readonly string[] | undefined;
  /** A predicate over fields; docs/filters.md. */
  readonly where?: string | undefined;
  /** Letters that the record's text holds. */
  readonly text?: string | undefined;
}

/** Throws INVALID_ARGUMENT where an id is none. */
export function selectorOf(chosen: Selection): selection.Selector {
  return selection.Selector.fromPartial({
    sessions: (chosen.sessions ?? []).map((text) => Buffer.from(unwrap(parseSessionText(text)))),
    runs: (chosen.runs ?? []).map(runBytes),
    names: [...(chosen.names ?? [])],
    hosts: [...(chosen.hosts ?? [])],
    labels: Object.entries(chosen.labels ?? {}).map(([key, value]) => ({ key, value })),
  });
}

export function filterOf(chosen: Selection): selection.Filter {
  return selection.Filter.fromPartial({
    from: chosen.from ?? 0n,
    until: chosen.until ?? 0n,
    kinds: [...(chosen.kinds ?? [])],
    lanes: [...(chosen.lanes ?? [])],
    where: chosen.where ?? "",
    text: chosen.text ?? "",
  });
}

function runBytes(text: string): Buffer {
  const hex = text.replaceAll("-", "").toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hex)) return Buffer.from(hex, "hex");
  throw new WaywardError("INVALID_ARGUMENT", "BAD_RUN_ID", `run id "${text.slice(0, 60)}" is not a UUID`);
}
