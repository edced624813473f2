import { describe, expect, test } from "@jest/globals";
import { requireReal, startNats, startNatsCluster } from "./index.ts";

const real = await requireReal("nats-server");

async function readJson(url: string): Promise<Record<string, Record<string, unknown>>> {
  return (await fetch(url)).json() as Promise<Record<string, Record<string, unknown>>>;
}

(real ? describe : describe.skip)("startNats", () => {
  test("starts JetStream with every write synced", async () => {
    await using server = await startNats();
    const { jetstream } = await readJson(`${server.monitorUrl}/varz`);
    expect(jetstream?.config).toMatchObject({ sync_always: true });
  });

  test("syncs by time where asked, and takes more configuration", async () => {
    await using server = await startNats({ syncAlways: false, config: "max_connections: 17" });
    const varz = await readJson(`${server.monitorUrl}/varz`);
    expect(varz.jetstream?.config).not.toHaveProperty("sync_always");
    expect(varz).toHaveProperty("max_connections", 17);
  });

  test("names what the server said if it does not start", async () => {
    await expect(startNats({ config: "no_such_word: 1" })).rejects.toThrow(/no_such_word/);
  });

  test("restarts on the same port after a kill", async () => {
    await using server = await startNats();
    const before = server.pid;
    await server.kill();
    await expect(fetch(`${server.monitorUrl}/varz`)).rejects.toThrow();
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect((await fetch(`${server.monitorUrl}/healthz`)).ok).toBe(true);
  });
});

(real ? describe : describe.skip)("startNatsCluster", () => {
  test("starts three servers that agree on a leader", async () => {
    await using cluster = await startNatsCluster(3);
    expect(cluster.urls).toHaveLength(3);
    const leaders = await Promise.all(
      cluster.servers.map(async ({ monitorUrl }) => (await readJson(`${monitorUrl}/jsz`)).meta_cluster?.leader),
    );
    expect(new Set(leaders).size).toBe(1);
  });
});
