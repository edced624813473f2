import { WaywardError } from "@wayward/base";

type TokenType = "name" | "number" | "text" | "operator" | "open" | "close" | "end";

export interface Token {
  readonly type: TokenType;
  readonly text: string;
  /** Place of its first character, from 1. */
  readonly at: number;
}

const PATTERN =
  /\s*(?:(?<number>-?\d+(?:\.\d+)?(?:[A-Za-zµ]+)?)|(?<name>[A-Za-z_][\w.-]*)|"(?<text>(?:[^"\\]|\\.)*)"|(?<operator><=|>=|!=|=|<|>|~)|(?<open>\()|(?<close>\)))/uy;

/** Cuts a filter into tokens. Throws BAD_FILTER with the place of what it cannot read. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < source.trimEnd().length) {
    const from = PATTERN.lastIndex;
    const match = PATTERN.exec(source);
    if (match === null) {
      const at = from + (source.slice(from).length - source.slice(from).trimStart().length);
      throw badFilter(at + 1, `"${source.slice(at, at + 10)}" cannot be read`);
    }
    const [type, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? ["end", ""];
    const at = match.index + match[0].length - match[0].trimStart().length + 1;
    tokens.push({ type: type as TokenType, text: type === "text" ? unescaped(text) : text, at });
  }
  tokens.push({ type: "end", text: "", at: source.length + 1 });
  return tokens;
}

export function badFilter(at: number, what: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_FILTER", `filter: ${what} at character ${at}`, {
    facts: { subject: "filter", got: at },
  });
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}
