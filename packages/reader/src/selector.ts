import type { block, selection } from "@wayward/api";
import { sessionText } from "@wayward/record";
import { anyMatcher } from "./filter/pattern.ts";

/** Tells whether a session is chosen. */
export interface SessionTest {
  (session: Uint8Array, description: block.SessionDescription | undefined): boolean;
  /** Ids as text, where only these can pass: they are looked up, and no other session is looked at. */
  readonly named?: readonly string[];
}

/** A Selector message as a test. What is given must all hold. */
export function sessionTest(selector: selection.Selector | undefined): SessionTest {
  if (selector === undefined) return () => true;
  const ids = hexSet(selector.sessions);
  const runs = hexSet(selector.runs);
  const name = anyMatcher(selector.names);
  const host = anyMatcher(selector.hosts);
  const test: SessionTest = (session, description) => {
    if (ids.size > 0 && !ids.has(hex(session))) return false;
    if (runs.size > 0 && !runs.has(hex(description?.run ?? new Uint8Array(0)))) return false;
    if (!name(description?.name ?? "") || !host(description?.host ?? "")) return false;
    return selector.labels.every(({ key, value }) =>
      (description?.labels ?? []).some((label) => label.key === key && label.value === value),
    );
  };
  return ids.size === 0 ? test : Object.assign(test, { named: selector.sessions.map(sessionText) });
}

/** The test that one session passes. */
export function onlySession(id: Uint8Array): SessionTest {
  const test: SessionTest = (session) => Buffer.compare(session, id) === 0;
  return Object.assign(test, { named: [sessionText(id)] });
}

/** True if the session is asked for by its id. */
export function namesSession(selector: selection.Selector | undefined, session: Uint8Array): boolean {
  return selector?.sessions.some((id) => Buffer.compare(id, session) === 0) ?? false;
}

function hexSet(ids: readonly Uint8Array[]): ReadonlySet<string> {
  return new Set(ids.map(hex));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
