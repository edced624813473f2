/** What XML 1.0 can hold: no control characters but tab and line ends, no halves of a pair. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as XML; what XML cannot hold becomes U+FFFD. */
function xmlText(text: string): string {
  return text.replace(NOT_XML, "\uFFFD").replace(/[&<>"]/g, (character) => ESCAPES[character]!);
}

/** One element; its content is a text, or elements that are written already. */
export function xmlElement(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: string | readonly string[] = "",
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(String(value))}"`);
  const head = `<${name}${written.join("")}`;
  if (content.length === 0) return `${head}/>`;
  const inner = typeof content === "string" ? xmlText(content) : `\n${content.join("\n")}\n`;
  return `${head}>${inner}</${name}>`;
}

/** Line ends in an attribute would be read as spaces. */
function attributeText(value: string): string {
  return xmlText(value).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
