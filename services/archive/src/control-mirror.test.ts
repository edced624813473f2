import { rm } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { type Bus, openEmbeddedBus } from "@wayward/bus";
import { createLog, createMetrics } from "@wayward/service-kit";
import { openStore } from "@wayward/store";
import { tempFolder } from "@wayward/testing";
import { startArchiver } from "./archiver.ts";

const log = createLog("error");
const LEVELS = "control/default/levels";

test("what agents are told is copied into the store, the last one last, and a bus that lacks it gets it back", async () => {
  await using folder = await tempFolder("control");
  const store = await openStore(`file://${folder.path}/store`);
  const copy = async (name: string) => (await store.get(`v1/t/default/state/control/${name}`))?.bytes.toString();
  const until = async (holds: () => Promise<boolean>) => {
    for (let tries = 0; tries < 250 && !(await holds()); tries++) await delay(20);
    expect(await holds()).toBe(true);
  };
  const open = async () => {
    const bus = openEmbeddedBus({ path: `${folder.path}/bus/bus.sqlite`, partitions: 1 });
    // Two, as where several processes archive.
    const start = () => startArchiver({ bus, store, partitions: 1, leaseMs: 0, log, metrics: createMetrics() });
    const archivers = [await start(), await start()];
    const stop = async () => {
      for (const archiver of archivers) await archiver.stop();
      await bus.close();
    };
    return { bus, stop };
  };
  const told = async (bus: Bus, name: string) => Buffer.from((await bus.topics.get(name))?.value ?? "").toString();

  const first = await open();
  for (let step = 1; step <= 20; step++) await first.bus.topics.set(LEVELS, Buffer.from(`step ${step}`));
  await first.bus.topics.set("control/default/other", Buffer.from("kept"));
  await until(async () => (await copy("levels")) === "step 20" && (await copy("other")) === "kept");
  await first.stop();

  await rm(`${folder.path}/bus`, { recursive: true });
  const before = openEmbeddedBus({ path: `${folder.path}/bus/bus.sqlite`, partitions: 1 });
  await before.topics.set(LEVELS, Buffer.from("set since"));
  await before.close();
  const second = await open();
  await until(async () => (await told(second.bus, "control/default/other")) === "kept");
  expect(await told(second.bus, LEVELS)).toBe("set since");
  await until(async () => (await copy("levels")) === "set since");
  await second.stop();
  await store.close();
}, 30_000);
