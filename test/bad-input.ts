/**
 * `npm run bad-input`: hands every kind of bad input to both shapes and prints
 * what was sent, what was answered, and that a second client's records went
 * on arriving without one missing. Exits with 1 if an answer is not the one
 * expected.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { block as api } from "@wayward/api";
import { unwrap, WaywardError } from "@wayward/base";
import { BlockWriter, LIMITS, parseEnvelope, Stage, sealEnvelope } from "@wayward/block";
import { type Client, connect } from "@wayward/client";
import { newSessionId, noteText, sessionText } from "@wayward/record";
import { PushStream } from "@wayward/testing";
import { type Started, wayward } from "../samples/cluster/process.ts";
import { Cluster } from "../samples/cluster/services.ts";

/** One shape of the product under test. */
interface Shape {
  readonly name: string;
  readonly ingest: string;
  readonly query: string;
  readonly stream: string;
}

interface Row {
  readonly sent: string;
  readonly answered: string;
  readonly expected: RegExp;
}

/** A session whose blocks are made by hand. */
class Blocks {
  readonly id = newSessionId(Date.now());
  readonly writer: BlockWriter;
  readonly #stage = new Stage();

  constructor(name: string, firstSeq = 0n) {
    this.writer = new BlockWriter({
      session: this.id,
      description: api.SessionDescription.fromPartial({ name }),
      firstSeq,
    });
  }

  next(text = "x"): Buffer {
    this.#stage.clear();
    this.#stage.add(this.writer.dictionary.kind(noteText), noteText, { lane: 1, time: this.writer.nextSeq }, [text]);
    return this.writer.write(this.#stage)[0]!.bytes;
  }
}

function withHeader(good: Buffer, fields: Partial<api.BlockHeader>): Buffer {
  const { header, payload } = unwrap(parseEnvelope(good));
  return sealEnvelope(api.BlockHeader.encode({ ...header, ...fields }).finish(), payload);
}

async function failure(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "no error";
  } catch (error) {
    const { code, reason, message } = WaywardError.from(error);
    return `${code} ${reason}: ${message}`;
  }
}

async function firstOf(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) return;
}

/** What is pushed, asked and observed. */
async function* online(shape: Shape, client: Client): AsyncGenerator<Row> {
  const { ingest: address } = shape;
  const one = async (block: Uint8Array) => {
    const pusher = new PushStream(address);
    const { text: answer } = await pusher.push(block);
    pusher.close();
    return answer;
  };
  const good = () => new Blocks("bad").next();
  const [host, port] = address.split(":");
  const closed = await new Promise<string>((resolve) => {
    const socket = connectTcp(Number(port), host, () => socket.resume().write(Buffer.alloc(100_000, "garbage ")));
    socket.on("close", () => resolve("connection closed")).on("error", () => {});
  });
  yield { sent: "100 kB of garbage on the port", answered: closed, expected: /closed/ };
  yield {
    sent: "bytes that are no block",
    answered: await one(Buffer.from("hello")),
    expected: /^BAD_HEADER: block: /,
  };
  yield { sent: "a block without its last byte", answered: await one(good().subarray(0, -1)), expected: /^BAD_HEADER/ };
  const flipped = good();
  flipped[flipped.length - 9]! ^= 1;
  yield { sent: "a flipped bit", answered: await one(flipped), expected: /^BAD_CRC: .*checksum is 0x/ };
  yield {
    sent: "a block over the limit",
    answered: await one(Buffer.alloc(LIMITS.blockBytes + 1, 10)),
    expected: /^TOO_LARGE: .*at most 852000/,
  };
  const bomb = withHeader(good(), { unpackedLength: 1 << 30 });
  yield {
    sent: "a bomb: unpacks to 1 GiB",
    answered: await one(bomb),
    expected: /^TOO_LARGE: .*1073741824, at most 16777216/,
  };
  yield {
    sent: "format version 9",
    answered: await one(withHeader(good(), { format: 9 })),
    expected: /^UNKNOWN_VERSION: .*9/,
  };
  yield {
    sent: "a session name of 10 kB",
    answered: await one(new Blocks("n".repeat(10_000)).next()),
    expected: /10000 bytes, at most 256/,
  };
  yield {
    sent: "a session name with U+0007",
    answered: await one(new Blocks("a\u0007b").next()),
    expected: /control character U\+0007/,
  };
  yield await equivocation(address, client);
  const elsewhere = await failure(() =>
    firstOf(client.watch({ start: Buffer.from("from another archive"), reconnect: false })),
  );
  yield { sent: "a cursor from elsewhere", answered: elsewhere, expected: /^INVALID_ARGUMENT BAD_CURSOR/ };
  const token = await failure(() => firstOf(client.read({ pageToken: Buffer.from("from elsewhere, too") })));
  yield { sent: "a page token from elsewhere", answered: token, expected: /^INVALID_ARGUMENT BAD_TOKEN/ };
  const filter = await failure(() => firstOf(client.read({ where: "bytes > 4KiB and (level = " })));
  yield { sent: "a filter that ends early", answered: filter, expected: /BAD_FILTER.*at character 27/ };
}

/** Two different blocks of one identity: both are acknowledged, the archiver keeps the first and tells. */
async function equivocation(address: string, client: Client): Promise<Row> {
  const blocks = new Blocks("twice");
  const first = blocks.next("first");
  const pusher = new PushStream(address);
  await pusher.push(first);
  const { headerBytes, header, payload } = unwrap(parseEnvelope(first));
  void headerBytes;
  const other = sealEnvelope(api.BlockHeader.encode({ ...header, firstTime: 7n, lastTime: 7n }).finish(), payload);
  const answers = `acknowledged (${(await pusher.push(other)).text})`;
  pusher.close();
  for (let tries = 0; tries < 60; tries++) {
    const { gaps } = await client.session(sessionText(blocks.id));
    const conflict = gaps.find(({ cause }) => cause === 8);
    if (conflict !== undefined)
      return {
        sent: "another block of the same number",
        answered: `${answers}; gap CONFLICT: ${conflict.message}`,
        expected: /CONFLICT/,
      };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return { sent: "another block of the same number", answered: `${answers}; no gap`, expected: /CONFLICT/ };
}

/** What a process refuses when it starts. */
async function* atStart(folder: string): AsyncGenerator<Row> {
  const up = (args: string[]) =>
    new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        ["clients/cli/bin/wayward.mjs", "up", ...args],
        { timeout: 15_000 },
        (error, _, stderr) => {
          resolve(`exit ${error === null ? 0 : error.code}: ${stderr.trim().split("\n").at(-1)}`);
        },
      );
    });
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const address = taken.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  const busy = await up(["--data", join(folder, "busy"), "--port", port, "--http-port", "0"]);
  taken.close();
  yield {
    sent: "a port that is in use",
    answered: busy,
    expected: /exit 1: .*used by another process: is `wayward up` already running\? .* \[PORT_IN_USE\]/,
  };
  yield await wrongConfig();
  yield await storeWithoutConditions();
  yield await fullDisk(up);
}

async function wrongConfig(): Promise<Row> {
  const env = { WAYWARD_PORT: "70000", WAYWARD_PARTITIONS: "many", WAYWARD_STORE: "" };
  const answered = await serviceEnds("query", env);
  return { sent: "three wrong settings", answered, expected: /exit 2: .*WAYWARD_PORT.*WAYWARD_PARTITIONS/ };
}

/** An S3 server that says yes to every write, whatever its condition. */
async function storeWithoutConditions(): Promise<Row> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("etag", '"same"');
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const answered = await serviceEnds("query", {
    WAYWARD_STORE: `s3://bucket?endpoint=http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
  });
  server.closeAllConnections();
  server.close();
  return { sent: "a store without conditional writes", answered, expected: /exit 78: .*STORE_NOT_CONDITIONAL/ };
}

async function serviceEnds(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [`services/${name}/src/main.ts`], { env: { ...process.env, ...env } });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve(`exit ${code}: ${said.trim().replaceAll(/\s+/g, " ")}`);
    });
  });
}

/** A file system of 1 MiB under the all-in-one. Needs the right to mount. */
async function fullDisk(up: (args: string[]) => Promise<string>): Promise<Row> {
  const small = mkdtempSync(join(tmpdir(), "wayward-full-"));
  const mounted = await new Promise<boolean>((resolve) => {
    execFile("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", small], (error) => resolve(error === null));
  });
  if (!mounted)
    return {
      sent: "a full disk",
      answered: "NOT TRIED: no right to mount a small file system here",
      expected: /NOT TRIED/,
    };
  try {
    writeFileSync(join(small, "filler"), Buffer.alloc(250 * 1024));
    const answered = await up(["--data", small, "--port", "0", "--http-port", "0"]);
    return { sent: "a full disk", answered, expected: /exit 1: .*(full|STORE_FULL|BUS_FULL|STORE_UNUSABLE)/ };
  } finally {
    await new Promise((resolve) => execFile("umount", [small], resolve));
    rmSync(small, { recursive: true, force: true });
  }
}

/** Pushes a record every few milliseconds while `work` runs; tells whether each was acknowledged and read back. */
async function besides(shape: Shape, client: Client, work: () => Promise<void>): Promise<string> {
  const blocks = new Blocks("bystander");
  const pusher = new PushStream(shape.ingest);
  let sent = 0;
  let running = true;
  const pushing = (async () => {
    while (running) {
      if ((await pusher.push(blocks.next(`n ${sent}`))).accepted) sent++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await work();
  running = false;
  await pushing;
  pusher.close();
  let read = 0;
  for await (const record of client.read({ sessions: [sessionText(blocks.id)] }))
    if (record.text === `n ${read}`) read++;
  return read === sent && pusher.acks === sent
    ? `ok: ${sent} sent, acknowledged and read back in order`
    : `WRONG: ${sent} sent, ${pusher.acks} acknowledged, ${read} read`;
}

let wrong = 0;
function print(shape: string, { sent, answered, expected }: Row): void {
  const fits = expected.test(answered);
  if (!fits) wrong++;
  process.stdout.write(
    `${fits ? "ok   " : "WRONG"} ${shape.padEnd(12)} ${sent.padEnd(36)} ${answered.slice(0, 230)}\n`,
  );
}

async function examine(shape: Shape): Promise<void> {
  process.env.WAYWARD_QUERY = shape.query;
  process.env.WAYWARD_STREAM = shape.stream;
  const client = connect();
  const verdict = await besides(shape, client, async () => {
    for await (const row of online(shape, client)) print(shape.name, row);
  });
  print(shape.name, { sent: "meanwhile, by another client", answered: verdict, expected: /^ok/ });
  client.close();
}

const folder = mkdtempSync(join(tmpdir(), "wayward-bad-"));
const up: Started = wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], {});
try {
  const server = await up.says(/gRPC at (\S+?),/, 20_000);
  await examine({ name: "all-in-one", ingest: server, query: server, stream: server });
  for await (const row of atStart(folder)) print("at start", row);
  const cluster = await Cluster.start();
  try {
    const { WAYWARD_INGEST, WAYWARD_QUERY, WAYWARD_STREAM } = cluster.clientEnv;
    await examine({ name: "distributed", ingest: WAYWARD_INGEST, query: WAYWARD_QUERY, stream: WAYWARD_STREAM });
  } finally {
    await cluster.stop();
  }
} finally {
  await up.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${wrong === 0 ? "all as expected" : `${wrong} WRONG`}\n`);
process.exit(wrong === 0 ? 0 : 1);
