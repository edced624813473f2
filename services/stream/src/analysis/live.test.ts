import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mergeFindings, ordersOf, type ReportedFinding } from "@wayward/analysis";
import { block as api } from "@wayward/api";
import { startArchiver } from "@wayward/archive";
import { unwrap } from "@wayward/base";
import { parseEnvelope, sealEnvelope } from "@wayward/block";
import { openEmbeddedBus, openJetStreamBus } from "@wayward/bus";
import { type ClientRecord, connect } from "@wayward/client";
import { startIngest } from "@wayward/ingest";
import { startQuery } from "@wayward/query";
import type { Severity } from "@wayward/record";
import { createLog, createMetrics, serve } from "@wayward/service-kit";
import { ensureLayout, openStore } from "@wayward/store";
import {
  freePort,
  Locking,
  PushStream,
  requireReal,
  startNats,
  type TempFolder,
  tempFolder,
  until,
} from "@wayward/testing";
import { startStream } from "../start.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

let seed = 0;
const locking = (name: string) => new Locking(name, { seed: seed++, start: BigInt(Date.now()) * 1_000_000n });
/** Takes two locks, that have the session's name, in both orders, and runs on. */
const inverted = (name: string) =>
  locking(name).takes("t1", `${name}-A`, `${name}-B`).takes("t2", `${name}-B`, `${name}-A`);

/** All services as one, on a folder that outlives it. */
async function startAnalysing(folder: string, longWaitMs = 30_000) {
  const log = createLog("error");
  const metrics = createMetrics();
  // In one partition: what stops one session's analysis would stop all.
  const bus = openEmbeddedBus({ path: `${folder}/bus`, partitions: 1 });
  const store = await openStore(`file://${folder}/store`);
  let address = "";
  const common = { bus, store, partitions: 1, log, metrics };
  const analysis = { ingest: () => address, spool: `${folder}/analysis`, longWaitMs };
  const archiver = await startArchiver(common);
  const parts = [startIngest(common), startQuery(common), startStream({ ...common, analysis }), archiver];
  const serving = await serve({ host: "127.0.0.1", port: 0, httpPort: 0, parts, log, metrics });
  address = serving.address;
  const pushing = new PushStream(address);
  return {
    address,
    /** Pushes blocks of a session as its agent does. Throws if one is refused. */
    push: async (blocks: Locking["blocks"]) => {
      for (const block of blocks) {
        const { accepted, text } = await pushing.push(block);
        if (!accepted) throw new Error(text);
      }
    },
    stop: async () => {
      pushing.close();
      await serving.stop();
      await bus.close();
      await store.close();
    },
  };
}

/** Findings that a server's observers see, from the first one on. */
class SeenFindings {
  readonly records: ClientRecord[] = [];
  readonly #client: ReturnType<typeof connect>;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(server: string) {
    this.#client = connect({ server });
    this.#done = this.#watch();
  }

  /** Those of sessions or locks named so, in the order in which they were seen. */
  of(name: string): ClientRecord[] {
    return this.records.filter(({ fields }) => `${fields.sessions} ${fields.detail}`.includes(name));
  }

  /** Waits until there are so many of them. */
  async until(name: string, count: number, withinMs = 10_000): Promise<ClientRecord[]> {
    const begun = performance.now();
    while (this.of(name).length < count) {
      if (performance.now() - begun > withinMs) {
        const seen = this.records.map(({ fields }) => `${fields.rule}: ${fields.message}`);
        throw new Error(`${this.of(name).length} of ${count} findings of ${name} in ${withinMs} ms; all: ${seen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.of(name);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#client.close();
  }

  async #watch(): Promise<void> {
    for await (const seen of this.#client.watch({
      // Of no other sessions: theirs may be damaged.
      names: ["analysis/stream"],
      kinds: ["finding"],
      start: "first",
      signal: this.#stop.signal,
    })) {
      if (seen.type === "record") this.records.push(seen.record);
    }
  }
}

/** The finding that a record tells. */
function findingOf({ fields }: ClientRecord): ReportedFinding {
  const { locks, evidence, ...detail } = JSON.parse(String(fields.detail));
  return {
    rule: String(fields.rule),
    severity: String(fields.severity) as Severity,
    title: String(fields.title),
    message: String(fields.message),
    fingerprint: fingerprintOf({ fields }),
    count: Number(fields.count),
    first: BigInt(fields.first as bigint),
    last: BigInt(fields.last as bigint),
    sessions: String(fields.sessions).split(" "),
    locks,
    evidence,
    unproven: String(fields.unproven ?? ""),
    detail,
  };
}

function fingerprintOf({ fields }: Pick<ClientRecord, "fields">): string {
  return Buffer.from(fields.fingerprint as Uint8Array).toString("hex");
}

describe("live analyses", () => {
  let folder: TempFolder;
  let server: Awaited<ReturnType<typeof startAnalysing>>;
  let seen: SeenFindings;

  const start = async (longWaitMs?: number) => {
    server = await startAnalysing(folder.path, longWaitMs);
    seen = new SeenFindings(server.address);
  };
  const stop = async () => {
    await seen.end();
    await server.stop();
  };
  beforeEach(async () => {
    folder = await tempFolder("live");
    await start();
  });
  afterEach(async () => {
    await stop();
    await folder.remove();
  });

  test("go on in another session where somebody deletes theirs, or all of their spools", async () => {
    await server.push(inverted("shop").blocks);
    const [first] = await seen.until("shop-A", 1);
    const client = connect({ server: server.address });
    await client.delete(first!.session, true);
    client.close();
    const spools = `${folder.path}/analysis`;
    const isGone = () => !existsSync(`${spools}/${first!.session}`);
    await until("its spool is gone", isGone, { withinMs: 10_000, everyMs: 10 });
    await server.push(inverted("mail").blocks);
    const [second] = await seen.until("mail-A", 1);
    rmSync(spools, { recursive: true });
    await server.push(inverted("desk").blocks);
    const [third] = await seen.until("desk-A", 1);
    expect(new Set([first, second, third].map((record) => record!.session)).size).toBe(3);
  }, 30_000);

  test("tell a running program's fault as a record, the same as Analyze does", async () => {
    const shop = inverted("shop");
    await server.push(shop.blocks);
    const [record] = await seen.until("shop-A", 1);
    expect([record!.kind, record!.lane.name, record!.fields.rule]).toEqual([
      "finding.reported",
      "order.inversion",
      "order.inversion",
    ]);
    const client = connect({ server: server.address });
    const { description } = await client.session(record!.session);
    const { findings } = await client.analyze({ names: ["shop"] });
    client.close();
    expect(description).toMatchObject({ name: "analysis/stream" });
    const [archived] = findings;
    expect(fingerprintOf(record!)).toBe(archived!.fingerprint);
    const { first, message, evidence, sessions } = findingOf(record!);
    expect({ first, message, evidence, sessions }).toEqual({
      first: archived!.first,
      message: archived!.message,
      evidence: archived!.evidence,
      sessions: [shop.text],
    });
  });

  test("tell how often each order was seen: so far, and at the end as Analyze does", async () => {
    const often = locking("often").takes("t1", "often-A", "often-B", 5).takes("t2", "often-B", "often-A", 2);
    await server.push(often.blocks.splice(0));
    const [early] = await seen.until("often-A", 1);
    expect(ordersOf(findingOf(early!))).toEqual([2, 5]);
    await server.push(often.takes("t1", "often-A", "often-B", 30).takes("t2", "often-B", "often-A").end().blocks);
    const merged = mergeFindings((await seen.until("often-A", 2)).map(findingOf));
    const client = connect({ server: server.address });
    const archived = await client.analyze({ names: ["often"] });
    client.close();
    expect(merged).toEqual(archived.findings);
    expect(ordersOf(merged[0]!)).toEqual([3, 35]);
  });

  test("tell how often programs that share locks have seen each order, when all of them are over", async () => {
    const shared = (name: string) =>
      new Locking(name, { seed: seed++, scope: "cluster", start: BigInt(Date.now()) * 1_000_000n });
    const [one, other] = [shared("one"), shared("other")];
    await server.push(one.takes("main", "both-A", "both-B", 3).blocks.splice(0));
    await server.push(other.takes("main", "both-B", "both-A", 2).blocks.splice(0));
    await seen.until("both-A", 1);
    await server.push(one.takes("main", "both-A", "both-B", 4).end().blocks);
    await server.push(other.end().blocks);
    const merged = mergeFindings((await seen.until("both-A", 2)).map(findingOf));
    const client = connect({ server: server.address });
    const archived = await client.analyze({ names: ["one", "other"] });
    client.close();
    expect(merged).toEqual(archived.findings);
    expect(ordersOf(merged[0]!)).toEqual([7, 2]);
  });

  test("say nothing of innocent programs, nor of who reports findings", async () => {
    await server.push(locking("calm").takes("t1", "calm-A", "calm-B").takes("t2", "calm-A", "calm-B").blocks);
    await server.push(inverted("analysis/another").blocks);
    await server.push(inverted("later").blocks);
    await seen.until("later-A", 1);
    expect(seen.records.map(({ fields }) => fields.message)).toEqual([expect.stringContaining("later-A")]);
  });

  test("begin with sessions that come later, and with the whole of each", async () => {
    const early = locking("early").takes("t1", "early-A", "early-B");
    await server.push(early.blocks.splice(0));
    await server.push(inverted("other").blocks);
    await seen.until("other-A", 1);
    await server.push(early.takes("t2", "early-B", "early-A").blocks);
    expect(await seen.until("early-A", 1)).toHaveLength(1);
  });

  test("are told again after a restart while the session runs, as one finding; not if it has ended", async () => {
    const running = inverted("running");
    await server.push(running.blocks.splice(0));
    await server.push(inverted("over").end().blocks);
    await seen.until("running-A", 1);
    await seen.until("over-A", 1);
    await stop();
    await start();
    const twice = await seen.until("running-A", 2);
    expect(new Set(twice.map(({ session }) => session)).size).toBe(2);
    const [merged, ...more] = mergeFindings(twice.map(findingOf));
    expect(more).toEqual([]);
    expect(merged).toMatchObject({ count: 1, sessions: [running.text] });
    // It goes on where it was.
    await server.push(running.takes("t1", "running-C", "running-A").takes("t2", "running-A", "running-C").blocks);
    await seen.until("running-C", 1);
    expect(seen.of("over-A")).toHaveLength(1);
  }, 60_000);

  test("go on where a block is damaged, in its session and in others", async () => {
    const torn = locking("torn").takes("t1", "torn-A", "torn-B").takes("t1", "torn-A", "torn-B");
    torn.takes("t1", "torn-C", "torn-D").takes("t2", "torn-D", "torn-C");
    const [first, second, ...rest] = torn.blocks as [Buffer, Buffer, ...Buffer[]];
    await server.push([first, withBadColumns(second), ...rest]);
    await server.push(inverted("whole").blocks);
    await seen.until("whole-A", 1);
    await seen.until("torn-C", 1);
  });

  test("tell a long wait once by the clock, though no record comes", async () => {
    await stop();
    await start(500);
    await server.push(locking("stuck").keeps("t1", "stuck-A").waits("t2", "stuck-A").blocks);
    const [record] = await seen.until("stuck-A", 1);
    expect(record!.fields.rule).toBe("live.long-wait");
    expect(record!.fields.message).toMatch(/^t2 has waited [\d.]+ m?s for stuck-A, held by t1$/);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(seen.of("stuck-A")).toHaveLength(1);
  });
});

/** The block with its columns spoiled, and its checksum right. */
function withBadColumns(bytes: Uint8Array): Buffer {
  const { header, payload } = unwrap(parseEnvelope(bytes));
  const spoiled = Buffer.from(payload).fill(0xff, payload.length - header.columnsLength);
  return sealEnvelope(api.BlockHeader.encode(header).finish(), spoiled);
}

if (await requireReal("nats-server")) {
  test("another service takes the partitions of one that is killed, and tells what is found from then on", async () => {
    await using nats = await startNats({ syncAlways: false });
    await using folder = await tempFolder("live-nats");
    const store = await openStore(`file://${folder.path}/store`);
    await ensureLayout(store, 2);
    await store.close();
    const [log, metrics] = [createLog("error"), createMetrics()];
    const bus = await openJetStreamBus({ servers: nats.url, partitions: 2, maxBytes: 64 * 1024 * 1024 });
    const ingest = await serve({
      ...{ host: "127.0.0.1", port: 0, httpPort: 0, log, metrics },
      parts: [startIngest({ bus, log, metrics })],
    });
    const ports = [await freePort(), await freePort()];
    const run = async (port: number, name: string): Promise<ChildProcess> => {
      const service = spawn(process.execPath, [MAIN], {
        env: {
          ...process.env,
          WAYWARD_NATS: nats.url,
          WAYWARD_NATS_MONITOR: nats.monitorUrl,
          WAYWARD_BUS_BYTES: "64MiB",
          WAYWARD_PARTITIONS: "2",
          WAYWARD_STORE: `file://${folder.path}/store`,
          WAYWARD_PORT: String(port),
          WAYWARD_HTTP_PORT: "0",
          WAYWARD_INGEST: ingest.address,
          WAYWARD_ANALYSIS_SPOOL: `${folder.path}/${name}`,
        },
        stdio: ["ignore", "ignore", "pipe"],
      });
      for await (const line of createInterface({ input: service.stderr! })) if (/"message":"ready"/.test(line)) break;
      service.stderr!.resume();
      return service;
    };
    const pushing = new PushStream(ingest.address);
    const push = async ({ blocks }: Locking) => {
      for (const block of blocks) expect(await pushing.push(block)).toMatchObject({ accepted: true });
    };
    const first = await run(ports[0]!, "first");
    let second: ChildProcess | undefined;
    try {
      // More sessions than partitions, so that each has some.
      const before = Array.from({ length: 6 }, (_, index) => inverted(`before-${index}-`));
      for (const session of before) await push(session);
      const early = new SeenFindings(`127.0.0.1:${ports[0]}`);
      for (const { text } of before) await early.until(text, 1, 30_000);
      second = await run(ports[1]!, "second");
      const seen = new SeenFindings(`127.0.0.1:${ports[1]}`);
      await seen.until("before-", before.length, 30_000);
      first.kill("SIGKILL");
      await once(first, "exit");
      await early.end();
      const after = Array.from({ length: 6 }, (_, index) => inverted(`after-${index}-`));
      for (const session of after) await push(session);
      // A lease lasts 5 s, and what was open before is replayed.
      for (const { text } of after) await seen.until(text, 1, 20_000);
      await seen.end();
    } finally {
      first.kill("SIGKILL");
      second?.kill("SIGKILL");
      pushing.close();
      await ingest.stop();
      await bus.close();
    }
  }, 120_000);
} else test.skip("two stream services need nats-server", () => {});
