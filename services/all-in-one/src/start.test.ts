import { expect, test } from "@jest/globals";
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
  for (const service of ["ingest", "archive", "query", "stream"]) expect(text).toContain(`wayward_${service}_`);
});
