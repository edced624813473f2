/**
 * Where a text may stand in messages of one format: without making the
 * message, what must hold for its arguments.
 */
export interface Template {
  /** The format itself holds the text. */
  readonly always: boolean;
  /** Too many ways: make the message and look. */
  readonly look: boolean;
  /** Any of these: all conditions of one must hold. Beside them an argument may hold the whole text. */
  readonly ways: readonly (readonly Condition[])[];
}

/** What one argument's text must be for a text that reaches over it. */
export interface Condition {
  readonly argument: number;
  readonly type: "starts" | "ends" | "is";
  readonly text: string;
  readonly bytes: Buffer;
  /**
   * Undefined if the text cannot be part of a whole number's text; the number
   * if it is one as numbers are written, and small; -1 otherwise.
   */
  readonly whole: number | undefined;
}

const WAYS_MAX = 32;
/** No message of the format reaches the text over its literals. */
export const NEVER: Template = { always: false, look: false, ways: [] };
const ALWAYS: Template = { always: true, look: false, ways: [] };
/** It cannot be told without the message. */
export const LOOK: Template = { always: false, look: true, ways: [] };

/** The ways in which `needle` stands in a message of this format with so many arguments, as formatMessage makes it. */
export function templateOf(format: string, count: number, needle: string): Template {
  const pieces = piecesOf(format, count);
  if (pieces === undefined) return LOOK;
  if (pieces.some((piece) => typeof piece === "string" && piece.includes(needle))) return ALWAYS;
  const ways: Condition[][] = [];
  for (const [at, piece] of pieces.entries()) {
    for (let cut = 1; cut < needle.length && ways.length <= WAYS_MAX; cut++) {
      const begin = needle.slice(0, cut);
      if (typeof piece === "number")
        follow(pieces, at + 1, needle.slice(cut), [conditionOf(piece, "ends", begin)], ways);
      else if (piece.endsWith(begin)) follow(pieces, at + 1, needle.slice(cut), [], ways);
    }
  }
  if (ways.length > WAYS_MAX) return LOOK;
  if (ways.some((way) => way.length === 0)) return ALWAYS;
  return ways.length === 0 ? NEVER : { always: false, look: false, ways };
}

/** Literals and numbers of arguments in turn; undefined where it depends on the arguments. */
function piecesOf(format: string, count: number): (string | number)[] | undefined {
  const literals = format.split("{}");
  const used = Math.min(literals.length - 1, count);
  const left = count - used;
  if (left > 0 && used > 0 && literals.every((literal) => literal === "")) return undefined;
  const pieces: (string | number)[] = [];
  for (let argument = 0; argument < used; argument++) pieces.push(literals[argument]!, argument);
  pieces.push(literals.slice(used).join("{}"));
  for (let argument = used; argument < count; argument++) {
    pieces.push(argument === 0 && format === "" ? "" : " ", argument);
  }
  return pieces.filter((piece) => piece !== "");
}

/** Adds every way in which `rest` goes on from piece `at`. */
function follow(
  pieces: readonly (string | number)[],
  at: number,
  rest: string,
  way: readonly Condition[],
  ways: Condition[][],
): void {
  const piece = pieces[at];
  if (piece === undefined || ways.length > WAYS_MAX) return;
  if (typeof piece === "string") {
    if (piece.startsWith(rest)) ways.push([...way]);
    else if (rest.startsWith(piece)) follow(pieces, at + 1, rest.slice(piece.length), way, ways);
    return;
  }
  ways.push([...way, conditionOf(piece, "starts", rest)]);
  for (let cut = 0; cut < rest.length; cut++) {
    const is = conditionOf(piece, "is", rest.slice(0, cut));
    follow(pieces, at + 1, rest.slice(cut), [...way, is], ways);
  }
}

function conditionOf(argument: number, type: Condition["type"], text: string): Condition {
  const isNumber = /^(?:0|[1-9]\d{0,8})$/.test(text);
  const whole = isNumber ? Number(text) : /^-?\d*$/.test(text) ? -1 : undefined;
  return { argument, type, text, bytes: Buffer.from(text), whole };
}
