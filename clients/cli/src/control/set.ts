import type { Client } from "@wayward/client";
import type { ControlRule } from "@wayward/record";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";
import { changeRules, type TopicRules } from "./change.ts";
import { type Applied, Follow, type Running, runningSessions } from "./followers.ts";
import type { RuleAddress } from "./rules.ts";

/** A change of a control topic. */
export interface Setting {
  readonly topic: string;
  readonly change: (rules: readonly ControlRule[]) => ControlRule[];
  /** Whom it concerns. */
  readonly address: RuleAddress;
  /** Longest wait until all who run have applied it. */
  readonly waitMs: number;
  readonly json: boolean;
}

/** Changes a topic, waits until the running sessions that it concerns have applied it, and says who has. */
export async function setTopic(client: Client, setting: Setting): Promise<void> {
  const { topic, change, address, waitMs, json } = setting;
  const running = (await runningSessions(client, address)).filter(({ follows }) => follows);
  const follow = new Follow(client, topic);
  try {
    if (running.length > 0 && waitMs > 0) await follow.begin();
    const begun = performance.now();
    const set = await changeRules(client, topic, change);
    const ids = running.map(({ session }) => session);
    const applied = waitMs > 0 ? await follow.until(ids, set.revision, waitMs) : new Map<string, Applied>();
    const took = Math.round(performance.now() - begun);
    if (json) await tellJson(set, running, applied, took);
    else await tellText(set, running, applied, took, waitMs);
  } finally {
    await follow.end();
  }
}

type AppliedBy = ReadonlyMap<string, Applied>;

async function tellText(
  { topic, revision }: TopicRules,
  running: readonly Running[],
  applied: AppliedBy,
  took: number,
  waitMs: number,
): Promise<void> {
  await write(`${topic} is at revision ${revision}\n`);
  if (running.length === 0) {
    process.stderr.write("no session runs that it concerns; those that start later follow it\n");
    return;
  }
  if (waitMs === 0) return;
  const missing = running.filter(({ session }) => !applied.has(session));
  const all = `${running.length} running session${running.length === 1 ? "" : "s"}`;
  if (missing.length === 0) {
    await write(`applied by ${all} within ${took} ms\n`);
    return;
  }
  const names = missing.map(({ name, session }) => `${name} (${session})`);
  process.stderr.write(
    `${missing.length} of ${all} have not applied it within ${waitMs / 1000} s, and will once they can: ${names.slice(0, 5).join(", ")}${names.length > 5 ? " …" : ""}\n`,
  );
}

async function tellJson(set: TopicRules, running: readonly Running[], by: AppliedBy, took: number): Promise<void> {
  const missing = running.filter(({ session }) => !by.has(session)).length;
  await write(jsonLine({ ...set, running: running.length, missing, took_ms: took }));
  for (const { session, name, host } of running) {
    const applied = by.get(session);
    await write(jsonLine({ session, name, host, revision: applied?.revision ?? null, applied: applied?.at ?? null }));
  }
}
