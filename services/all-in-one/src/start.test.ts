import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { openEmbeddedBus, partitionOf } from "@wayward/bus";
import { newSessionId, sessionText } from "@wayward/record";
import { createLog } from "@wayward/service-kit";
import { tempFolder, until } from "@wayward/testing";
import { startAllInOne } from "./start.ts";

test("one address tells the counts of every service", async () => {
  await using folder = await tempFolder("all-in-one");
  const serving = await startAllInOne({
    data: folder.path,
    host: "127.0.0.1",
    port: 0,
    httpPort: 0,
    keepBytes: 0,
    log: createLog("error"),
  });
  let text = "";
  // The service is ready before its archive holds the leases.
  await until(
    "its leases",
    async () => {
      text = await (await fetch(`http://${serving.httpAddress}/metrics`)).text();
      return /^wayward_archive_leases 4$/m.test(text);
    },
    { withinMs: 10_000, everyMs: 50 },
  );
  await serving.stop();
  for (const service of ["ingest", "archive", "query", "stream"]) {
    expect(text).toContain(`wayward_${service}_`);
    expect(text).toContain(`wayward_serves{service="${service}"} 1`);
  }
});

test("a bus whose archive has gone is refused, and nothing of it changes", async () => {
  await using folder = await tempFolder("all-in-one");
  const options = { data: folder.path, host: "127.0.0.1", port: 0, httpPort: 0, keepBytes: 0, log: createLog("error") };
  const before = await startAllInOne(options);
  await before.stop();
  const bus = openEmbeddedBus({ path: join(folder.path, "bus.sqlite"), partitions: 4 });
  const session = newSessionId(Date.now());
  const partition = partitionOf(session, 4);
  await bus.publish(partition, { tenant: "default", session: sessionText(session) }, Buffer.from("archived"));
  await bus.purge(partition, 1n);
  await bus.close();
  await rename(join(folder.path, "store"), join(folder.path, "elsewhere"));
  await expect(startAllInOne(options)).rejects.toMatchObject({ reason: "STORE_EMPTY" });
  await rm(join(folder.path, "store"), { recursive: true });
  await rename(join(folder.path, "elsewhere"), join(folder.path, "store"));
  const after = await startAllInOne(options);
  await after.stop();
});
