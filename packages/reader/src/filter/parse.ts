import { badFilter, type Token, tokenize } from "./tokens.ts";

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~";

/** A filter as a tree. */
export type Expression =
  | { readonly type: "and"; readonly left: Expression; readonly right: Expression }
  | { readonly type: "or"; readonly left: Expression; readonly right: Expression }
  | { readonly type: "not"; readonly of: Expression }
  | { readonly type: "compare"; readonly field: string; readonly operator: Operator; readonly value: Literal }
  /** A field by itself: it is there and not false. */
  | { readonly type: "has"; readonly field: string };

/** A value to compare with. Numbers with a unit are in the base unit: nanoseconds, bytes. */
export type Literal = { readonly text: string; readonly number: number | undefined };

/** Depth of parentheses and `not`; a person needs three. */
const DEPTH_MAX = 50;
const CHARACTERS_MAX = 4096;

/** Reads a filter; docs/filters.md has the grammar. Throws INVALID_ARGUMENT / BAD_FILTER with the place. */
export function parseFilter(source: string): Expression | undefined {
  if (source.length > CHARACTERS_MAX)
    throw badFilter(CHARACTERS_MAX, `${source.length} characters, at most ${CHARACTERS_MAX},`);
  if (source.trim() === "") return undefined;
  const parser = new Parser(tokenize(source));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.type !== "end") throw badFilter(rest.at, `expected "and", "or" or the end, got "${rest.text}"`);
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#word("or")) left = { type: "or", left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#word("and")) left = { type: "and", left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    if (++this.#depth > DEPTH_MAX) throw badFilter(this.#peek().at, `more than ${DEPTH_MAX} levels`);
    try {
      if (this.#word("not")) return { type: "not", of: this.#not() };
      if (this.#peek().type !== "open") return this.#comparison();
      this.#at++;
      const inner = this.#or();
      const close = this.#next();
      if (close.type !== "close") throw badFilter(close.at, `expected ")", got "${close.text || "the end"}"`);
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Expression {
    const field = this.#next();
    if (field.type !== "name") throw badFilter(field.at, `expected a field, got "${field.text || "the end"}"`);
    if (this.#peek().type !== "operator") return { type: "has", field: field.text };
    const operator = this.#next().text as Operator;
    const value = this.#next();
    if (value.type !== "number" && value.type !== "text" && value.type !== "name") {
      throw badFilter(value.at, `expected a value, got "${value.text || "the end"}"`);
    }
    return { type: "compare", field: field.text, operator, value: literal(value) };
  }

  #word(word: string): boolean {
    const token = this.#peek();
    if (token.type !== "name" || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.type !== "end") this.#at++;
    return token;
  }
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  min: 60e9,
  h: 3600e9,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

function literal(token: Token): Literal {
  if (token.type === "name") return { text: token.text, number: booleanNumber(token.text) };
  if (token.type === "text") return { text: token.text, number: undefined };
  const match = /^(-?\d+(?:\.\d+)?)(.*)$/u.exec(token.text);
  const unit = match?.[2] ?? "";
  const scale = unit === "" ? 1 : UNITS[unit];
  if (scale === undefined) {
    throw badFilter(token.at, `unit "${unit}" is not one of ${Object.keys(UNITS).join(", ")},`);
  }
  return { text: token.text, number: Number(match?.[1]) * scale };
}

function booleanNumber(text: string): number | undefined {
  return text === "true" ? 1 : text === "false" ? 0 : undefined;
}
