import { block, query, selection } from "@wayward/api";
import { sessionText } from "@wayward/record";

/** What a message's enum says: `UNCLEAN_END` of GAP_CAUSE_UNCLEAN_END. A number that this release has no name for stays one. */
function enumName(names: Readonly<Record<string, number>>, prefix: string, value: number): string {
  const found = Object.entries(names).find(([, number]) => number === value);
  if (found === undefined) return `${prefix}${value}`;
  return found[0].slice(prefix.length).replace(/_?UNSPECIFIED$/, "") || "UNKNOWN";
}

export function stateName(state: number): string {
  return enumName(query.SessionState, "SESSION_STATE_", state);
}

export function gapCause({ cause }: Pick<selection.Gap, "cause">): string {
  return enumName(selection.GapCause, "GAP_CAUSE_", cause);
}

/** Keys of a message in snake_case, at every depth, as in the .proto files. */
export function snakeKeys(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [snakeCase(key), inside(part)]));
}

function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return snakeKeys(value);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A session's id as text; nothing where there is none. */
function idText(id: Uint8Array): string | undefined {
  return id.length === 16 ? sessionText(id) : undefined;
}

function gapJson(gap: selection.Gap): object {
  return { ...gap, session: idText(gap.session), cause: gapCause(gap) };
}

/** Coverage for programs. */
export function coverageJson(coverage: selection.Coverage): object {
  return snakeKeys({ ...coverage, gaps: coverage.gaps.map(gapJson) });
}

/** A session for programs. */
export function sessionJson({ session, state, description, end, gaps, ...rest }: query.Session): object {
  return snakeKeys({
    session: idText(session),
    state: stateName(state),
    description: description && {
      ...description,
      parent: idText(description.parent),
      continues: idText(description.continues),
      clock: enumName(block.Clock, "CLOCK_", description.clock),
    },
    end: end && { ...end, cause: enumName(block.EndCause, "END_CAUSE_", end.cause) },
    gaps: gaps.map(gapJson),
    ...rest,
  });
}
