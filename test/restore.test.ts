import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { openStore, type Store } from "@wayward/store";
import { requireReal, type TempFolder, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES } from "../samples/cluster/services.ts";

/** Every object, as a backup has it. */
async function copyOf(store: Store): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>();
  for await (const { key } of store.list("v1/")) objects.set(key, (await store.get(key))!.bytes);
  return objects;
}

if (await requireReal("nats-server", "versitygw")) {
  describe("docs/operate/backup.md", () => {
    let cluster: Cluster;
    let store: Store;
    let spool: TempFolder;
    const run = async (...args: string[]) => {
      const program = wayward(args, { ...cluster.clientEnv, WAYWARD_SPOOL: spool.path });
      expect({ code: await program.ended, output: program.output }).toMatchObject({ code: 0 });
      return program.output;
    };

    beforeAll(async () => {
      spool = await tempFolder("restore");
      cluster = await Cluster.start({ syncAlways: false });
      Object.assign(process.env, cluster.s3.env);
      store = await openStore(cluster.s3.storeUrl);
    }, 120_000);
    afterAll(async () => {
      await store?.close();
      await cluster?.stop();
      await spool?.remove();
    });

    test("brings a session back whole after bucket and bus were lost, and takes new ones", async () => {
      await run("run", "--name", "before", "--", "node", "samples/hello/hello.mjs");
      await cluster.archived();
      const records = async () =>
        (await run("read", "-n", "before", "--json")).split("\n").filter((line) => line.startsWith('{"time"'));
      const read = await records();
      expect(read.length).toBeGreaterThan(10);
      await cluster.killService("archive");
      const backup = await copyOf(store);
      await cluster.startService("archive");
      await run("run", "--name", "after-the-backup", "--", "node", "samples/hello/hello.mjs");
      await cluster.archived();

      for (const service of SERVICES) await cluster.killService(service);
      await cluster.nats.kill();
      await rm(join(cluster.nats.folder, "data"), { recursive: true });
      await store.remove([...(await copyOf(store)).keys()]);
      for (const [key, bytes] of backup) await store.put(key, bytes);
      await cluster.nats.restart();
      for (const service of ["archive", "query", "stream", "ingest"] as const) await cluster.startService(service);

      expect(await records()).toEqual(read);
      expect(await run("sessions")).not.toContain("after-the-backup");
      await run("run", "--name", "anew", "--", "node", "samples/hello/hello.mjs");
      await cluster.archived();
      expect(await run("sessions")).toContain("anew");
    }, 240_000);
  });
} else describe.skip("docs/operate/backup.md", () => test("needs nats-server and versitygw", () => {}));
