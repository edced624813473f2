/** The text in at most so many bytes of UTF-8, cut between characters; control characters become spaces. */
export function bounded(text: string, bytesMax: number): string {
  const plain = text.replace(/\p{Cc}/gu, " ");
  if (Buffer.byteLength(plain) <= bytesMax) return plain;
  const bytes = Buffer.from(plain);
  let end = bytesMax;
  // The bytes 10xxxxxx go on with a character.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
