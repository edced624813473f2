import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { delay } from "@wayward/base";
import { openJetStreamBus } from "@wayward/bus";
import { requireReal, retried, startNats, startNatsCluster, type TempFolder, tempFolder } from "@wayward/testing";
import { wayward } from "../samples/cluster/process.ts";
import { Cluster, SERVICES } from "../samples/cluster/services.ts";

interface Finding {
  readonly hop: string;
  readonly ok: boolean;
  readonly what: string;
  readonly fix?: string;
}

/** For a cluster of three to choose a leader and to catch up, on a machine that does much else. */
const WITHIN_MS = 60_000;

/** Runs `wayward doctor --cluster`; tells its exit code, what it found, and the hops that fail, in order. */
async function doctor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = wayward(["doctor", "--cluster", "--json", ...args], env);
  const code = await program.ended;
  const findings: Finding[] = program.output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const at = (hop: string) => findings.find((finding) => finding.hop === hop);
  const failing = findings.filter(({ ok }) => !ok).map(({ hop }) => hop);
  return { code, findings, at, failing };
}

if (await requireReal("nats-server", "versitygw")) {
  describe("wayward doctor --cluster on four services with NATS and S3", () => {
    let cluster: Cluster;
    let spool: TempFolder;
    beforeAll(async () => {
      spool = await tempFolder("doctor");
      cluster = await Cluster.start();
    }, 120_000);
    afterAll(async () => {
      await cluster?.stop();
      await spool?.remove();
    });

    const env = () => ({ ...cluster.clientEnv, ...cluster.s3.env, WAYWARD_SPOOL: spool.path });
    const args = () => {
      const places = ["--nats-monitor", cluster.nats.monitorUrl, "--store", cluster.s3.storeUrl];
      return [...places, "--metrics", ...SERVICES.map((service) => cluster.httpAddress(service))];
    };

    test("finds nothing where all is well, and looks at every hop", async () => {
      expect(await wayward(["run", "--", "node", "samples/hello/hello.mjs"], env()).ended).toBe(0);
      await cluster.archived();
      const { code, findings, at, failing } = await doctor(args(), env());
      expect(failing).toEqual([]);
      expect(code).toBe(0);
      expect(at("nats")?.what).toMatch(/^n1 2\.\d+\.\d+: each syncs every write$/);
      expect(at("streams")?.what).toBe("6 streams, one copy: a lost disk is a lost bus");
      expect(at("store")?.what).toMatch(/^s3:\/\/wayward takes, gives and keeps/);
      for (const service of SERVICES) {
        const what = `${service} at ${cluster.httpAddress(service)} is ready`;
        expect(findings).toContainEqual({ hop: "process", ok: true, what });
      }
      expect(at("bus")?.what).toMatch(/ % full, no other is fuller$/);
      expect(at("archiving")?.what).toMatch(/^of 4 partitions \S+ holds 4; last commit \d+ s ago, 0 blocks wait$/);
      expect(at("lag")?.what).toMatch(/^what is not archived is at most 0\.0 s old/);
      expect(at("clocks")?.what).toMatch(/^5 clocks agree/);
      expect(at("archive")?.what).toMatch(/^answers: \d+ sessions?, /);
    }, 90_000);

    test("tells people in words where to begin", async () => {
      const program = wayward(["doctor", "--cluster", "--store", "s3://nobody"], env());
      expect(await program.ended).toBe(5);
      expect(program.output).toMatch(/^FAIL {2}store /m);
      expect(program.output.trimEnd().split("\n").at(-1)).toMatch(/^Begin with store: /);
    }, 60_000);

    test("names the store first when it is gone", async () => {
      await cluster.s3.kill();
      const { code, at, failing } = await doctor(args(), env());
      await cluster.s3.restart();
      expect(code).toBe(5);
      expect(failing[0]).toBe("store");
      expect(at("store")).toMatchObject({ what: expect.stringContaining("[STORE_UNUSABLE]") });
      expect(at("nats")?.ok).toBe(true);
    }, 90_000);

    test("names the service that has ended, and what nobody archives", async () => {
      await cluster.killService("archive");
      const { code, findings, failing } = await doctor(args(), env());
      await cluster.startService("archive");
      expect(code).toBe(5);
      expect(failing).toEqual(["process", "services", "archiving"]);
      const address = cluster.httpAddress("archive");
      expect(findings.filter(({ ok }) => !ok)).toMatchObject([
        { what: `${address}: no answer: ECONNREFUSED`, fix: expect.stringMatching(/^start it/) },
        { what: "of archive nobody tells anything" },
        { what: expect.stringContaining("nobody tells who holds any") },
      ]);
    }, 90_000);

    test("names NATS first when it is gone, and each service that is not ready for that", async () => {
      await cluster.nats.kill();
      const { code, at, findings, failing } = await doctor(args(), env());
      await cluster.nats.restart();
      expect(code).toBe(5);
      expect(failing[0]).toBe("nats");
      expect(at("nats")).toMatchObject({ what: expect.stringContaining("ECONNREFUSED") });
      expect(findings.filter(({ hop, ok }) => hop === "process" && !ok)).toHaveLength(4);
      expect(at("process")?.what).toMatch(/runs, but is not ready \(\/readyz 503\): it has no bus$/);
    }, 90_000);
  });

  describe("wayward doctor --cluster on NATS", () => {
    const limits = { partitions: 1, maxBytes: 16 * 1024 * 1024 };

    test("says which server does not sync, and how to make it", async () => {
      await using nats = await startNats({ syncAlways: false });
      const { at } = await doctor(["--nats-monitor", nats.monitorUrl]);
      expect(at("nats")).toMatchObject({
        ok: false,
        what: "n1 does not sync every write: a power cut takes what it has acknowledged",
        fix: expect.stringContaining("sync_interval: always"),
      });
      expect(at("streams")).toMatchObject({ ok: false, what: "NATS has no stream of ours" });
    }, 60_000);

    test("wants every server of a cluster named, three copies, and all of them current", async () => {
      await using nats = await startNatsCluster(3);
      const urls = nats.servers.map(({ monitorUrl }) => monitorUrl);
      const one = await retried(() => openJetStreamBus({ servers: nats.urls.join(","), ...limits }));
      await one.close();
      expect((await doctor(["--nats-monitor", urls[0]!])).at("nats")).toMatchObject({
        ok: false,
        what: expect.stringMatching(/^of 3 servers 1 were asked: n1 /),
      });
      const single = await doctor(["--nats-monitor", ...urls]);
      expect(single.at("nats")).toMatchObject({ ok: true });
      expect(single.at("streams")).toMatchObject({
        ok: false,
        what: "there are 3 servers and a stream with one copy",
        fix: expect.stringContaining("WAYWARD_BUS_REPLICAS=3"),
      });
    }, 90_000);

    test("says whose copy is behind when a server of three is lost", async () => {
      await using nats = await startNatsCluster(3);
      const urls = nats.servers.map(({ monitorUrl }) => monitorUrl);
      const bus = await retried(() => openJetStreamBus({ servers: nats.urls.join(","), ...limits, replicas: 3 }));
      await retried(() => bus.publish(0, { tenant: "default", session: "0".repeat(26) }, Buffer.from("one")));
      const streams = async () => (await doctor(["--nats-monitor", ...urls])).at("streams");
      // Copies are made for a moment after their stream.
      await waitFor("all copies are current", streams, ({ ok }) => ok);
      await nats.servers[2]!.kill();
      await waitFor("n3 is behind", streams, ({ ok, what }) => !ok && /on n3 is behind$/.test(what));
      expect((await doctor(["--nats-monitor", ...urls])).at("nats")).toMatchObject({
        ok: false,
        what: expect.stringMatching(/ECONNREFUSED; there are n1 .*, n2 /),
      });
      await bus.close();
    }, 180_000);
  });
} else describe.skip("wayward doctor --cluster", () => test("needs nats-server and versitygw", () => {}));

/** Asks until what is told holds; what was told last is named where it never does. */
async function waitFor(
  what: string,
  ask: () => Promise<Finding | undefined>,
  holds: (finding: Finding) => boolean,
): Promise<void> {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const finding = await ask();
    if (finding !== undefined && holds(finding)) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${WITHIN_MS} ms, but ${JSON.stringify(finding)}`);
    await delay(500);
  }
}
