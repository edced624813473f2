import {
  type AnalysisPool,
  type AnalysisResult,
  combineResults,
  type ReportedFinding,
  RULES,
  type SessionFacts,
  type SessionSource,
  type Table,
} from "@wayward/analysis";
import { type finding as api, block, type query } from "@wayward/api";
import { asBuffer, fromBase32, WaywardError } from "@wayward/base";
import {
  coverageOf,
  GapList,
  Losses,
  offsetOf,
  type Reader,
  SessionBlocks,
  sessionGaps,
  stateOf,
} from "@wayward/reader";
import { SEVERITIES } from "@wayward/record";

const PROGRESS_EVERY_MS = 250;

/** Runs the analyses over the chosen sessions, as many at a time as there are threads. Throws BAD_RULE. */
export async function* analyze(
  request: query.AnalyzeRequest,
  reader: Reader,
  pool: AnalysisPool,
  signal: AbortSignal,
): AsyncGenerator<query.AnalyzeResponse> {
  checkRules(request.rules);
  const snapshot = await reader.undeleted(request.selector);
  const gaps = new GapList();
  for (const view of snapshot.sessions) sessionGaps(view, gaps);
  const chosen = snapshot.sessions.filter(({ deleted, expired }) => !deleted && !expired);
  const losses = new Losses();
  const sessions = await SessionBlocks.openAll(chosen, reader.catalogue.source, losses);
  const progress = { blocksDone: 0n, blocks: 0n };
  const sources = sessions.map((session) => sourceOf(session, request, progress));
  // Where one fails, or nobody reads on, the others free their threads.
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  let combined: AnalysisResult;
  try {
    const results = Promise.all(sources.map((source) => pool.analyse(source, until)));
    yield* progressUntil(results, progress);
    combined = combineResults(await results);
  } finally {
    ending.abort();
  }
  for (const finding of combined.findings) {
    if (isWanted(finding.rule, request.rules)) yield { part: { $case: "finding", value: findingMessage(finding) } };
  }
  for (const name of request.tables) {
    const table = combined.tables.find((one) => one.name === name);
    if (table !== undefined) yield { part: { $case: "table", value: tableMessage(table) } };
  }
  await losses.tell(reader.catalogue, gaps);
  const records = chosen.reduce((sum, session) => sum + session.records, 0n);
  yield { part: { $case: "end", value: endMessage(combined, coverageOf(snapshot, gaps, records)) } };
}

/** Blocks that touch the time range, with what the ones before them have defined. */
function sourceOf(
  session: SessionBlocks,
  { from, until, detail }: query.AnalyzeRequest,
  progress: { blocksDone: bigint; blocks: bigint },
): SessionSource {
  const { view } = session;
  const offset = offsetOf(view.description);
  const refs = session.refs.filter(
    ({ firstTime, lastTime, records }) =>
      (from === 0n || lastTime + offset >= from || records === 0) && (until === 0n || firstTime + offset < until),
  );
  const first = refs[0];
  progress.blocks += BigInt(refs.length);
  return {
    facts: {
      session: view.text,
      description: view.description,
      until: until === 0n ? undefined : until,
      ...presenceOf(session, Date.now()),
      detail,
    },
    definitions: first === undefined ? [] : definedBefore(session, first.seq),
    async *blocks() {
      for (const ref of refs) {
        const block = await session.load(ref);
        // Analyses see by the seqs that one is missing.
        if (block !== undefined) yield block.envelope.bytes;
        progress.blocksDone++;
      }
    },
  };
}

/** Until when the session was there for sure, and whether nothing tells how it went on. */
function presenceOf({ view, refs }: SessionBlocks, nowMs: number): Pick<SessionFacts, "openAt" | "isLost"> {
  // The chunk with its last blocks is gone: what they say of what waits then is not known.
  if (refs.at(-1)?.seq !== view.present.toArray().at(-1)?.last) return { openAt: undefined, isLost: true };
  const state = stateOf(view, nowMs);
  if (state === "open") return { openAt: BigInt(nowMs) * 1_000_000n };
  const { description, lastTime, records, end } = view;
  return {
    openAt: records === 0n ? undefined : lastTime + offsetOf(description),
    isLost: state === "silent" || end?.cause === block.EndCause.END_CAUSE_UNCLEAN,
  };
}

function definedBefore(session: SessionBlocks, seq: bigint): Uint8Array[] {
  return session
    .definitions(seq)
    .filter((definitions) => definitions.seq < seq)
    .map(({ section }) => section);
}

async function* progressUntil(
  results: Promise<unknown>,
  progress: { readonly blocksDone: bigint; readonly blocks: bigint },
): AsyncGenerator<query.AnalyzeResponse> {
  const done = results.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([done, tick()]))) yield { part: { $case: "progress", value: { ...progress } } };
}

function tick(): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), PROGRESS_EVERY_MS).unref());
}

function checkRules(rules: readonly string[]): void {
  const known = Object.keys(RULES);
  for (const rule of rules) {
    if (known.some((id) => isWanted(id, [rule]))) continue;
    const message = `no rule is called "${rule.slice(0, 80)}"; docs/rules.md lists them`;
    throw new WaywardError("INVALID_ARGUMENT", "BAD_RULE", message);
  }
}

/** A rule is chosen by its id or by what stands before the dot. */
function isWanted(rule: string, chosen: readonly string[]): boolean {
  return chosen.length === 0 || chosen.some((one) => rule === one || rule.startsWith(`${one}.`));
}

function findingMessage(finding: ReportedFinding): api.Finding {
  const session = (text: string) => asBuffer(fromBase32(text) ?? new Uint8Array(16));
  return {
    ...finding,
    severity: (SEVERITIES.indexOf(finding.severity) + 1) as api.Severity,
    fingerprint: Buffer.from(finding.fingerprint, "hex"),
    count: BigInt(finding.count),
    sessions: finding.sessions.map(session),
    locks: [...finding.locks],
    evidence: finding.evidence.map((id) => ({
      session: session(id.session),
      lane: id.lane,
      eventNo: BigInt(id.eventNo),
    })),
    detail: JSON.stringify(finding.detail),
  };
}

function tableMessage({ name, columns, rows }: Table): api.Table {
  return {
    name,
    columns: columns.map((column) => ({ ...column })),
    rows: rows.map((row) => ({ cells: row.map((cell) => ({ cell: cellOf(cell) })) })),
  };
}

function cellOf(value: Table["rows"][number][number]): api.TableCell["cell"] {
  if (typeof value === "number") return { $case: "number", value };
  return typeof value === "boolean" ? { $case: "flag", value } : { $case: "text", value };
}

function endMessage({ leftOut }: AnalysisResult, coverage: query.AnalyzeEnd["coverage"]): query.AnalyzeEnd {
  const counts = Object.entries(leftOut).map(([what, count]) => [what, BigInt(count)]);
  return { coverage, leftOut: Object.fromEntries(counts) };
}
