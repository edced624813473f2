import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

const BIN = join(import.meta.dirname, "../../bin/wayward.mjs");

describe("wayward doctor", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayward-doctor-"));
  const env = { ...process.env, NODE_OPTIONS: "", WAYWARD_SPOOL: folder };
  let up: ChildProcess;
  let server: string;
  let http: string;

  const doctor = async (args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [BIN, "doctor", "--json", ...args], {
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    const findings: { hop: string; ok: boolean; what: string; fix?: string }[] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return { code, findings, at: (hop: string) => findings.find((finding) => finding.hop === hop) };
  };

  beforeAll(async () => {
    const args = ["up", "--data", join(folder, "data"), "--port", "0", "--http-port", "0"];
    up = spawn(process.execPath, [BIN, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    [server, http] = await new Promise<[string, string]>((resolve) => {
      up.stderr?.on("data", (chunk) => {
        const match = /gRPC at (\S+), metrics at http:\/\/(\S+)\/metrics/.exec(String(chunk));
        if (match !== null) resolve([match[1]!, match[2]!]);
      });
    });
  }, 60_000);
  afterAll(async () => {
    up.kill("SIGTERM");
    await new Promise((resolve) => up.once("close", resolve));
    rmSync(folder, { recursive: true, force: true });
  });

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
