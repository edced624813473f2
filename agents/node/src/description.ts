import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { block as api } from "@wayward/api";
import { VERSION } from "@wayward/base";
import { bounded } from "./text.ts";

/** What a program says about its session. */
export interface Identity {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** UUID of what was started together; 16 bytes. */
  readonly run: Buffer;
  /** Session of the parent process; 16 bytes or empty. */
  readonly parent: Buffer;
  readonly flushMs: number;
}

// What ingest takes of a description (limits of SessionDescription in proto/).
const NAME_BYTES = 256;
const KEY_BYTES = 64;
const VALUE_BYTES = 256;
const LABELS_MAX = 64;

/** The session that another continues. */
export interface Before {
  readonly session: Uint8Array;
  readonly description: api.SessionDescription;
}

/** The description that block 0 carries. Name and labels are cut to what a server takes. */
export function describeSession(
  { name, labels, run, parent, flushMs }: Identity,
  before?: Before,
): api.SessionDescription {
  const anchor = anchorNow();
  return {
    name: before?.description.name ?? bounded(name, NAME_BYTES),
    labels: before?.description.labels ?? boundedLabels(labels),
    host: bounded(hostname(), NAME_BYTES),
    bootId: bootId(),
    pid: process.pid,
    run,
    parent,
    continues: Buffer.from(before?.session ?? []),
    clock: api.Clock.CLOCK_MONOTONIC_UNSPECIFIED,
    clockResolution: 1n,
    // What was open then is open still.
    start: before?.description.start ?? anchor.clock,
    anchor,
    agent: `wayward-node/${VERSION}`,
    flushIntervalMs: flushMs,
    // Arguments may hold secrets: only the program's name is kept.
    command: ["node", basename(process.argv[1] ?? "")].join(" ").trim(),
  };
}

/** The same with another name, if one is given, and with more labels; those it has stay as they are. */
export function describedAs(
  description: api.SessionDescription,
  name: string | undefined,
  more: Readonly<Record<string, string>>,
): api.SessionDescription {
  const own = Object.fromEntries(description.labels.map(({ key, value }) => [key, value]));
  return {
    ...description,
    name: name === undefined ? description.name : bounded(name, NAME_BYTES),
    labels: boundedLabels({ ...more, ...own }),
  };
}

/** Reads a UUID of 32 hex digits, with or without dashes; a new one if it is none. */
export function runId(text: string | undefined): Buffer {
  const hex = (text ?? "").replaceAll("-", "");
  return /^[0-9a-f]{32}$/i.test(hex) ? Buffer.from(hex, "hex") : randomBytes(16);
}

function boundedLabels(labels: Readonly<Record<string, string>>): api.Label[] {
  const cut = new Map(
    Object.entries(labels).map(([key, value]) => [bounded(key, KEY_BYTES), bounded(value, VALUE_BYTES)]),
  );
  return [...cut.keys()]
    .sort()
    .slice(0, LABELS_MAX)
    .map((key) => ({ key, value: cut.get(key)! }));
}

/** The clock beside wall time: the tightest of a few readings; wall time has steps of a millisecond. */
export function anchorNow(): api.Anchor {
  let best: api.Anchor | undefined;
  for (let round = 0; round < 5; round++) {
    const before = process.hrtime.bigint();
    const wall = BigInt(Date.now()) * 1_000_000n;
    const after = process.hrtime.bigint();
    const uncertainty = (after - before) / 2n + 500_000n;
    if (best === undefined || uncertainty < best.uncertainty) {
      best = { clock: (before + after) / 2n, wall: wall + 500_000n, uncertainty };
    }
  }
  return best!;
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
