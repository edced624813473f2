import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unwrap } from "@wayward/base";
import {
  type Cell,
  cellAt,
  Dictionary,
  type Envelope,
  type KindColumns,
  parseEnvelope,
  verifyBlock,
} from "@wayward/block";

/** One record as a test looks at it. */
export interface Row {
  readonly kind: string;
  readonly lane: string;
  /** `function file:line`, the file without its folders. */
  readonly site: string;
  /** Innermost first: `function (file:line)`, files without their folders. */
  readonly stack: readonly string[];
  /** Trace and span id in hex, without any where there is none. */
  readonly span: string;
  readonly values: Readonly<Record<string, Cell>>;
}

/** Sessions in a spool root, as names of folders. */
export function sessionsIn(root: string): string[] {
  return existsSync(root) ? readdirSync(root).filter((name) => /^[0-9a-v]{26}$/.test(name)) : [];
}

/** All but the anchors of the clock, which no program asks for. */
export function withoutAnchors(rows: readonly Row[]): Row[] {
  return rows.filter(({ kind }) => kind !== "clock.anchor");
}

/**
 * Headers and records of one session's spool. A dictionary
 * that is given has what blocks that are no longer there defined.
 */
export function readSpool(root: string, session: string, dictionary = new Dictionary()) {
  const folder = join(root, session);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".block"))
    .sort();
  const envelopes = files.map((file) => unwrap(parseEnvelope(readFileSync(join(folder, file)))));
  return { headers: envelopes.map(({ header }) => header), rows: rowsOf(envelopes, dictionary), dictionary };
}

/** Records of blocks in order of seq. */
export function rowsOf(envelopes: readonly Envelope[], dictionary = new Dictionary()): Row[] {
  const rows: Row[] = [];
  for (const envelope of envelopes) {
    const { columns } = verifyBlock(envelope, dictionary);
    const laneOf = columns.lanes.flatMap(({ lane, count }) => new Array<number>(count).fill(lane));
    for (let record = 0; record < columns.count; record++) {
      const slot = columns.slots[record]!;
      const kind = dictionary.kind(columns.kinds[slot]!.number)!;
      const own = columns.columns(slot, kind);
      const values = own.columns.map((column) => [
        column.field.name,
        cellAt(column, columns.placeOf[record]!, dictionary),
      ]);
      rows.push({
        kind: kind.name,
        lane: dictionary.lane(laneOf[record]!)?.name ?? "",
        site: siteText(dictionary, own.sites?.[columns.placeOf[record]!] ?? 0),
        stack: dictionary
          .stack(own.stacks?.[columns.placeOf[record]!] ?? 0)
          .map((frame) => frame.replace(/\(.*\//, "(")),
        span: spanText(own.correlations, columns.placeOf[record]!),
        values: Object.fromEntries(values),
      });
    }
  }
  return rows;
}

function spanText(links: KindColumns["correlations"], place: number): string {
  const at = links?.present === undefined ? place : links.present[place]!;
  return links === undefined || at < 0 ? "" : Buffer.from(links.bytes.subarray(at * 24, at * 24 + 24)).toString("hex");
}

function siteText(dictionary: Dictionary, number: number): string {
  const site = dictionary.site(number);
  if (site === undefined || site.file === "") return "";
  return `${site.function} ${site.file.split("/").at(-1)}:${site.line}`;
}
