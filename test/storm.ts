/**
 * `npm run storm -- --records 10000000`: writers at work against the real
 * servers while each service is killed once and started again. What is read
 * back, and what an observer from the first cursor on has seen, must be what
 * was sent: every record, each once, in order.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Client, type ClientRecord, connect } from "@wayward/client";
import { Started, wayward } from "../samples/cluster/process.ts";
import { Cluster, type ServiceName } from "../samples/cluster/services.ts";

const { values } = parseArgs({
  options: { records: { type: "string", default: "1000000" }, seconds: { type: "string", default: "16" } },
});
const WRITERS = 4;
const each = Math.floor(Number(values.records) / WRITERS);
const KILLS: readonly ServiceName[] = ["ingest", "archive", "stream", "query"];

/** Counts one reader's records, and what is wrong with their order. */
class Ledger {
  records = 0;
  readonly wrong: string[] = [];
  readonly #next = new Map<string, bigint>();

  see({ session, sessionName, kind, fields }: ClientRecord): void {
    if (kind !== "storm.tick") return;
    this.records++;
    const expected = this.#next.get(session) ?? 0n;
    if (fields.n !== expected && this.wrong.length < 10)
      this.wrong.push(`${sessionName}: ${fields.n} where ${expected} comes next`);
    this.#next.set(session, BigInt(fields.n as bigint) + 1n);
  }

  verdict(sent: number): string {
    if (this.records === sent && this.wrong.length === 0) return "ok";
    return `WRONG: ${this.records} of ${sent}; ${this.wrong.join("; ")}`;
  }
}

async function observe(client: Client, ledger: Ledger, sent: number, signal: AbortSignal): Promise<void> {
  for await (const seen of client.watch({ start: "first", kinds: ["storm"], signal })) {
    if (seen.type === "record") ledger.see(seen.record);
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
