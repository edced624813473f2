/** True if `asked` names this figure: by its id or the first part of it. `P1` names `P1a`, and not `P10`. */
export function isAsked(id: string, asked: readonly string[] | undefined): boolean {
  if (asked === undefined) return true;
  return asked.some((part) => {
    if (!id.startsWith(part)) return false;
    return !(/\d$/.test(part) && /\d/.test(id.charAt(part.length)));
  });
}
