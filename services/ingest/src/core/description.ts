import type { block } from "@wayward/api";

const NAME_BYTES_MAX = 256;
const LABELS_MAX = 64;
const KEY_BYTES_MAX = 64;
const VALUE_BYTES_MAX = 256;

/** What is wrong with a session's description, with subject, value and limit; undefined if nothing is. */
export function descriptionProblem(description: block.SessionDescription): string | undefined {
  const { name, host, labels, run, parent, continues } = description;
  if (labels.length > LABELS_MAX) return `the session has ${labels.length} labels, at most ${LABELS_MAX}`;
  for (const [what, bytes] of [
    ["run", run],
    ["parent", parent],
    ["continues", continues],
  ] as const) {
    if (bytes.length !== 0 && bytes.length !== 16) return `${what} has ${bytes.length} bytes, not 16`;
  }
  const texts: [string, string, number][] = [
    ["session name", name, NAME_BYTES_MAX],
    ["host", host, NAME_BYTES_MAX],
    ...labels.flatMap(({ key, value }): [string, string, number][] => [
      ["label key", key, KEY_BYTES_MAX],
      ["label value", value, VALUE_BYTES_MAX],
    ]),
  ];
  for (const [what, text, limit] of texts) {
    const problem = textProblem(what, text, limit);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function textProblem(what: string, text: string, limit: number): string | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) return `${what} has ${bytes} bytes, at most ${limit}`;
  const at = [...text].findIndex((character) => /\p{Cc}/u.test(character));
  if (at < 0) return undefined;
  return `${what} has the control character U+${text.codePointAt(at)?.toString(16).padStart(4, "0")} at ${at}`;
}
