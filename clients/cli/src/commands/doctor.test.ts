import { mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CommandLine, ended, linesOf } from "../testing/command-line.ts";

describe("wayward doctor", () => {
  const line = new CommandLine("doctor");
  let server: string;
  let http: string;

  const doctor = async (args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    const { code, stdout } = await ended(line.start(["doctor", "--json", ...args], more));
    const findings: { hop: string; ok: boolean; what: string; fix?: string }[] = linesOf(stdout).map((one) =>
      JSON.parse(one),
    );
    return { code, findings, at: (hop: string) => findings.find((finding) => finding.hop === hop) };
  };

  beforeAll(async () => {
    ({ server, http } = await line.up());
    mkdirSync(line.env.WAYWARD_SPOOL!);
  }, 60_000);
  afterAll(() => line.remove());

  test("asks every service for its health, and archivers for their leases", async () => {
    const { code, findings, at } = await doctor(["--server", server, "--metrics", http]);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
    for (const hop of ["ingest", "query", "stream"]) expect(at(hop)?.what).toBe(`${server} is ready`);
    expect(at("archiving")?.what).toMatch(/^of 4 partitions \S+ holds 4; no commit yet, 0 blocks wait$/);
    expect((await doctor(["--server", server])).at("archiving")?.what).toMatch(/^not looked at: .*--metrics$/);
  }, 60_000);

  test("names the service that is away, and looks at the others", async () => {
    const { code, at } = await doctor([], { WAYWARD_SERVER: server, WAYWARD_INGEST: "127.0.0.1:1" });
    expect(code).toBe(5);
    expect(at("ingest")).toMatchObject({ ok: false, what: "127.0.0.1:1: ECONNREFUSED" });
    expect(at("ingest")?.fix).toMatch(/^start the ingest service, or correct WAYWARD_INGEST;/);
    expect(at("query")).toMatchObject({ ok: true });
    expect(at("stream")).toMatchObject({ ok: true });
  }, 60_000);

  test("tells a service from something else that listens", async () => {
    const other = createServer((socket) => socket.on("error", () => {}).end("who are you?\n")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { at } = await doctor([], { WAYWARD_SERVER: server, WAYWARD_QUERY: address });
    expect(at("query")).toMatchObject({ ok: false, fix: expect.stringContaining("check WAYWARD_QUERY") });
    other.close();
  }, 60_000);
});
