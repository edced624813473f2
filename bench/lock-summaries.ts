import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { rowsOf, SessionAnalysis } from "@wayward/analysis";
import { query } from "@wayward/api";
import { startArchiver } from "@wayward/archive";
import { openEmbeddedBus, partitionOf } from "@wayward/bus";
import { Losses, Reader, SessionBlocks } from "@wayward/reader";
import { LOCK_MODES, sessionText } from "@wayward/record";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore } from "@wayward/store";
import { drained } from "./dataset.ts";
import { type Bench, median } from "./figure.ts";
import { LockMix } from "./lock-mix.ts";

const PARTITIONS = 4;
const SESSIONS = 8;
const RECORDS_A_BLOCK = 20_000;
const TENANT = "default";
/** Of each session: 1,250 locks, which are 10,000 of all sessions; a question names at most 10,000 locks and modes. */
const SHARE = { lanes: 8, instances: 1_250, classes: 500 };

/** Acquisitions that ended and their time, waits that ended and theirs, by lock and mode. */
type Contention = Map<string, { holds: bigint; held: bigint; waits: bigint; waited: bigint }>;

/** L6: contention of each lock from summaries against a full scan of the same archived sessions; both must be equal. */
export const lockSummaries: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  const bus = openEmbeddedBus({ path: join(folder, "bus"), partitions: PARTITIONS });
  const store = await openStore(pathToFileURL(join(folder, "store")).href);
  try {
    const metrics = createMetrics();
    const log = createLog("error");
    const archiver = await startArchiver({ bus, store, partitions: PARTITIONS, flushMs: 2_000, log, metrics });
    const records = quick ? 2_000_000 : 20_000_000;
    for (let session = 0; session < SESSIONS; session++) {
      const mix = new LockMix(session, SHARE);
      const id = mix.writer.session;
      for (let made = 0; made < records / SESSIONS; ) {
        const block = mix.block(RECORDS_A_BLOCK);
        await bus.publish(partitionOf(id, PARTITIONS), { tenant: TENANT, session: sessionText(id) }, block.bytes);
        made += block.records;
      }
    }
    await drained(bus);
    await archiver.stop();
    const reader = new Reader({ bus, store, partitions: PARTITIONS, tenant: TENANT });
    checkEqual(await fromSummaries(reader), await fromScan(reader));
    const [summed, scanned]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? 3 : 5); round++) {
      scanned.push(await timed(() => fromScan(reader)));
      summed.push(await timed(() => fromSummaries(reader)));
    }
    const [fast, slow] = [median(summed), median(scanned)];
    const what = `contention by lock and mode from summaries / full scan of ${records / 1e6} M lock records (${fast.toFixed(1)} and ${slow.toFixed(0)} ms)`;
    return [{ id: "L6", what, value: slow / fast, unit: "×", op: ">=", must: 30, aim: 100 }];
  } finally {
    await bus.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function fromSummaries(reader: Reader): Promise<Contention> {
  const contention: Contention = new Map();
  for (const measure of ["hold", "wait"]) {
    const request = query.CountRequest.fromPartial({ groupBy: ["lock", "mode"], measure, top: 10_000 });
    const answer = await reader.count(request, new AbortController().signal);
    if (!answer.fromSummaries || answer.other?.count !== 0n) throw new Error(`${measure}: not all is in the summaries`);
    for (const { keys, count, sum } of answer.groups) {
      const [lock = "", mode = ""] = keys;
      const at = entryOf(contention, lock, mode);
      if (measure === "hold") [at.holds, at.held] = [count, sum];
      else [at.waits, at.waited] = [count, sum];
    }
  }
  return contention;
}

/** Every record through all lock analyses. */
async function fromScan(reader: Reader): Promise<Contention> {
  const contention: Contention = new Map();
  for (const view of (await reader.snapshot(undefined)).sessions) {
    const session = await SessionBlocks.open(view, reader.catalogue.source, new Losses());
    const facts = { session: view.text, description: view.description };
    const analysis = new SessionAnalysis(facts, session.wholeDictionary());
    for (const ref of session.refs) {
      const block = await ref.load();
      if (block === undefined) throw new Error("a chunk has gone from the store");
      analysis.step(block.envelope);
    }
    const table = analysis.result().tables.find(({ name }) => name === "locks");
    for (const row of table === undefined ? [] : rowsOf(table)) {
      const at = entryOf(contention, `${row.class}/${row.lock}`, `${row.mode}`);
      at.holds += BigInt(row.holds as number);
      at.held += BigInt(row.hold_total as number);
      at.waits += BigInt(row.waits as number);
      at.waited += BigInt(row.wait_total as number);
    }
  }
  return contention;
}

/** The fold counts readers of both kinds together; the mix has one kind of them. */
function entryOf(contention: Contention, lock: string, mode: string) {
  const key = `${lock} ${LOCK_MODES.indexOf(mode as (typeof LOCK_MODES)[number])}`;
  const known = contention.get(key);
  if (known !== undefined) return known;
  const made = { holds: 0n, held: 0n, waits: 0n, waited: 0n };
  contention.set(key, made);
  return made;
}

function checkEqual(summed: Contention, scanned: Contention): void {
  const wrong = [...summed.keys(), ...scanned.keys()].find(
    (key) => !isDeepStrictEqual(summed.get(key), scanned.get(key)),
  );
  if (wrong === undefined) return;
  const [ours, theirs] = [summed, scanned].map((contention) => Object.values(contention.get(wrong) ?? {}).join(" "));
  throw new Error(`${wrong}: holds, held, waits, waited are ${ours} in summaries and ${theirs} in the scan`);
}
