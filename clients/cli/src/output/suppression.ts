import type { Standing } from "../suppressions/known.ts";

/** A suppression for a person: until when, by whom, why. */
export function suppressionText({ expires, by, reason, expired }: Standing): string {
  const when = expires === undefined ? "" : expired ? `expired ${expires}` : `until ${expires}`;
  const head = [when, by === undefined ? "" : `by ${by}`].filter((part) => part !== "").join(" ");
  return head === "" ? reason : `${head}: ${reason}`;
}

/** A suppression for programs; docs/json.md. */
export function suppressionJson({ reason, expires, by, expired }: Standing): object {
  return { reason, expires: expires ?? null, by: by ?? null, expired };
}
