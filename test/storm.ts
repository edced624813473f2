/**
 * `npm run storm -- --records 10000000`: writers at work against the real
 * servers while each service is killed once and started again. What is read
 * back, and what an observer from the first cursor on has seen, must be what
 * was sent: every record, each once, in order; an observer that reads too
 * slowly is told what it jumps over and gets that later.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Client, type ClientRecord, connect } from "@wayward/client";
import { sessionText } from "@wayward/record";
import { Started, wayward } from "../samples/cluster/process.ts";
import { Cluster, type ServiceName } from "../samples/cluster/services.ts";

const { values } = parseArgs({
  options: { records: { type: "string", default: "1000000" }, seconds: { type: "string", default: "16" } },
});
const WRITERS = 4;
const each = Math.floor(Number(values.records) / WRITERS);
const KILLS: readonly ServiceName[] = ["ingest", "archive", "stream", "query"];

/** Numbers that a reader has jumped over, first and last. */
interface Hole {
  first: bigint;
  readonly last: bigint;
}

/**
 * Counts one reader's records, and what is wrong with their order: each
 * session's come one after another. A reader that is told a gap may jump, and
 * gets what lies between later, each once and in order.
 */
class Ledger {
  records = 0;
  readonly wrong: string[] = [];
  readonly #next = new Map<string, bigint>();
  readonly #holes = new Map<string, Hole[]>();
  readonly #mayJump = new Set<string>();

  /** The session's next records may come later. */
  gap(session: string): void {
    this.#mayJump.add(session);
  }

  see({ session, sessionName, kind, fields }: ClientRecord): void {
    if (kind !== "storm.tick") return;
    this.records++;
    const n = fields.n as bigint;
    const next = this.#next.get(session) ?? 0n;
    if (n >= next) {
      if (n > next && !this.#mayJump.delete(session)) this.#complain(sessionName, n, next);
      if (n > next) this.#holesOf(session).push({ first: next, last: n - 1n });
      this.#next.set(session, n + 1n);
    } else if (!this.#fills(session, n)) this.#complain(sessionName, n, next);
  }

  verdict(sent: number): string {
    const open = [...this.#holes.values()].flat().length;
    if (this.records === sent && this.wrong.length === 0 && open === 0) return "ok";
    return `WRONG: ${this.records} of ${sent}; ${open} holes; ${this.wrong.join("; ")}`;
  }

  /** True if the number is the first of a hole, which it makes smaller. */
  #fills(session: string, n: bigint): boolean {
    const holes = this.#holesOf(session);
    const at = holes.findIndex(({ first }) => first === n);
    if (at < 0) return false;
    holes[at]!.first++;
    if (holes[at]!.first > holes[at]!.last) holes.splice(at, 1);
    return true;
  }

  #holesOf(session: string): Hole[] {
    const holes = this.#holes.get(session) ?? [];
    this.#holes.set(session, holes);
    return holes;
  }

  #complain(sessionName: string, n: bigint, next: bigint): void {
    if (this.wrong.length < 10) this.wrong.push(`${sessionName}: ${n} where ${next} comes next`);
  }
}

async function observe(client: Client, ledger: Ledger, sent: number, signal: AbortSignal): Promise<void> {
  for await (const seen of client.watch({ start: "first", kinds: ["storm"], signal })) {
    if (seen.type === "record") ledger.see(seen.record);
    if (seen.type === "gap") ledger.gap(sessionText(seen.gap.session));
    if (seen.type === "fill") for (const record of seen.records) ledger.see(record);
    if (ledger.records >= sent) return;
  }
}

const say = (what: string, value: string) => process.stdout.write(`${what.padEnd(34)}${value}\n`);
const spool = mkdtempSync(join(tmpdir(), "wayward-storm-"));
const cluster = await Cluster.start();
const env = { ...cluster.clientEnv, WAYWARD_SPOOL: spool };
Object.assign(process.env, cluster.clientEnv);
const client = connect();
const sent = each * WRITERS;
let failed = false;
try {
  const collector = wayward(["collect", spool], env);
  const writers = Array.from(
    { length: WRITERS },
    (_, index) =>
      new Started(process.execPath, ["test/storm-writer.ts", `writer-${index}`, String(each), values.seconds], env),
  );
  const observed = new Ledger();
  const giveUp = AbortSignal.timeout(Number(values.seconds) * 1000 + 30_000 + sent / 50);
  const observing = observe(client, observed, sent, giveUp);
  for (const name of KILLS) {
    await new Promise((resolve) => setTimeout(resolve, (Number(values.seconds) * 1000) / (KILLS.length + 1)));
    await cluster.killService(name);
    say(`killed ${name}`, `${observed.records} records seen so far`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await cluster.startService(name);
  }
  const codes = await Promise.all(writers.map(({ ended }) => ended));
  say("writers ended with", codes.join(", "));
  await collector.stop();
  const pushed = await wayward(["collect", "--once", spool], env, true).ended;
  say("records sent", String(sent));
  await observing;
  const read = new Ledger();
  const answer = client.read({ kinds: ["storm"] });
  for await (const record of answer) read.see(record);
  say("read back", `${read.records}, ${read.verdict(sent)}`);
  say("observed from the first cursor", `${observed.records}, ${observed.verdict(sent)}`);
  say("gaps", String(answer.coverage?.gaps.length));
  for (const gap of answer.coverage?.gaps.slice(0, 5) ?? []) say("", gap.message);
  const fine = read.verdict(sent) === "ok" && observed.verdict(sent) === "ok" && answer.coverage?.complete === true;
  failed = !fine || pushed !== 0 || codes.some((code) => code !== 0);
} catch (error) {
  failed = true;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
} finally {
  client.close();
  await cluster.stop();
  rmSync(spool, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
