/** A URL, or several, for messages: without all that may be a login, which ends with the last `@`, encoded or not. */
export function hideLogin(text: string): string {
  const encoded = text.lastIndexOf("%40");
  const plain = text.lastIndexOf("@");
  if (encoded === -1 && plain === -1) return text;
  return `(hidden)@${encoded > plain ? text.slice(encoded + 3) : text.slice(plain + 1)}`;
}
