/** Lines on how many findings are suppressed and whose suppression has expired; `how` ends the first. Empty where neither is so. */
export function suppressionsNote(suppressed: number, expired: number, how = ""): string {
  return [
    suppressed === 0 ? "" : `${findings(suppressed)} suppressed${how}\n`,
    expired === 0 ? "" : `${findings(expired)} told again: the suppression has expired\n`,
  ].join("");
}

function findings(count: number): string {
  return count === 1 ? "1 finding is" : `${count} findings are`;
}
