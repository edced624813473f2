import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "@wayward/client";
import { wayward } from "../samples/cluster/process.ts";
import type { Bench } from "./figure.ts";
import { Program } from "./program.ts";

/** P4b, P4c: CPU of all threads for one zone with one log, delivered, against the OTel SDK and against pino. */
export const delivered: Bench = async ({ quick }) => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-bench-"));
  try {
    const ours = await measureOurs(folder, quick ? 400_000 : 2_000_000);
    const otel = await measureOtel(quick ? 60_000 : 300_000);
    const lines = quick ? 150_000 : 600_000;
    const sync = await measurePino(join(folder, "sync.log"), "sync", lines);
    const async = await measurePino(join(folder, "async.log"), "async", lines);
    const us = (value: number) => value.toFixed(2);
    return [
      {
        id: "P4b",
        what: `zone + log delivered / OTel SDK by OTLP/gRPC (${us(ours)} and ${us(otel)} µs)`,
        value: ours / otel,
        unit: "×",
        op: "<=",
        must: 1 / 15,
        aim: 1 / 25,
      },
      {
        id: "P4c",
        what: `zone + log delivered / one line of pino in a file (${us(ours)} and ${us(sync)} µs; ${us(async)} µs with its buffer)`,
        value: ours / sync,
        unit: "×",
        op: "<=",
        must: 1 / 4,
        aim: 1 / 6,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** CPU microseconds an event; `arrived` waits until the receiver has so many events in all. */
async function measure(program: Program, events: number, arrived: (events: number) => Promise<void>): Promise<number> {
  const warm = Math.ceil(events / 4);
  await program.ask(warm);
  await arrived(warm);
  const before = await program.ask<number>("cpu");
  await program.ask(events);
  await arrived(warm + events);
  return ((await program.ask<number>("cpu")) - before) / events;
}

async function measureOurs(folder: string, events: number): Promise<number> {
  const up = wayward(["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"], {});
  try {
    const address = await up.says(/gRPC at (\S+),/, 20_000);
    const { program } = await Program.start("ours", join(folder, "spool"), address);
    const client = connect({ server: address });
    try {
      return await measure(program, events, (wanted) => haveArrived(client, wanted));
    } finally {
      client.close();
      await program.stop();
    }
  } finally {
    await up.stop();
  }
}

/** Waits until the server counts three records an event. Throws if some are missing after a minute. */
async function haveArrived(client: Client, events: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { groups } = await client.count({ groupBy: ["kind"], kinds: ["zone", "log"] });
    const records = groups.reduce((sum, { count }) => sum + count, 0n);
    if (records === BigInt(events) * 3n) return;
    if (tries === 300) throw new Error(`${records} records of ${events * 3} arrived`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function measureOtel(events: number): Promise<number> {
  const { program: receiver, said: port } = await Program.start<number>("receiver");
  const { program } = await Program.start("otel", `http://127.0.0.1:${port}`);
  try {
    return await measure(program, events, async (wanted) => {
      const { spans, logs } = await receiver.ask<{ spans: number; logs: number }>("counts");
      if (spans !== wanted || logs !== wanted) throw new Error(`${spans} spans and ${logs} logs of ${wanted} arrived`);
    });
  } finally {
    await program.stop();
    await receiver.stop();
  }
}

async function measurePino(file: string, mode: string, events: number): Promise<number> {
  const { program } = await Program.start("pino", file, mode);
  try {
    return await measure(program, events, async (wanted) => {
      // Its buffer says that it is flushed while the last write is still under way.
      for (let tries = 0; ; tries++) {
        const lines = readFileSync(file, "utf8").split("\n").length - 1;
        if (lines === wanted) return;
        if (tries === 50) throw new Error(`${lines} lines of ${wanted} were written`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  } finally {
    await program.stop();
  }
}
