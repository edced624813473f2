import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DOOR_REASONS } from "@wayward/access";
import {
  Authority,
  type CertificatePair,
  freePort,
  requireReal,
  type TempFolder,
  tempFolder,
  until,
} from "@wayward/testing";
import { Started, wayward } from "../samples/cluster/process.ts";
import { Cluster } from "../samples/cluster/services.ts";

const root = join(import.meta.dirname, "..");
/** The machine's own Node, which is older than ours: programs run on it. */
const SYSTEM_NODE = "/usr/bin/node";
const AGENT = join(root, "agents/node/entry.mjs");
/** Takes two locks in both orders: a finding of who analyses what runs. */
const INVERSION = `
  const [a, b] = [agent.mutex("inverted-a"), agent.mutex("inverted-b")];
  await a.run(() => b.run(async () => {}));
  await b.run(() => a.run(async () => {}));`;

/** Keys and certificates in a folder, and `wayward` with them. */
class Doors {
  readonly authority: Authority;
  readonly server: CertificatePair;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.authority = new Authority(folder);
    this.server = this.authority.issue("server");
  }

  file(name: string): string {
    return join(this.#folder, name);
  }

  /** What a service is told. */
  get serviceEnv(): NodeJS.ProcessEnv {
    const { certFile, keyFile } = this.server;
    return { WAYWARD_KEYS: this.file("keys"), WAYWARD_TLS_CERT: certFile, WAYWARD_TLS_KEY: keyFile };
  }

  /** A new key, which the services know from now on, in a file of its own. */
  async key(name: string, ...scopes: string[]): Promise<string> {
    const created = wayward(["keys", "create", "--file", this.file("keys"), "--name", name, "--scope", ...scopes], {});
    expect(await created.ended).toBe(0);
    writeFileSync(this.file(`${name}.key`), created.output);
    return this.file(`${name}.key`);
  }

  /** Runs a command to its end, as somebody with this key. */
  async run(keyFile: string | undefined, env: NodeJS.ProcessEnv, ...args: string[]) {
    const started = wayward(args, { ...this.clientEnv(keyFile), ...env });
    return { code: await started.ended, output: started.output };
  }

  /** Asks until the answer has it: a finding takes a moment, and what moves into the archive meanwhile is asked for again. */
  async sees(keyFile: string, env: NodeJS.ProcessEnv, words: RegExp, ...args: string[]): Promise<void> {
    let last = "";
    const isThere = async () => {
      last = (await this.run(keyFile, env, ...args)).output;
      return words.test(last);
    };
    await until(args.join(" "), isThere, { withinMs: 40_000 }).catch((error: unknown) => {
      throw new Error(`${error}; it said ${last}`);
    });
  }

  clientEnv(keyFile: string | undefined): NodeJS.ProcessEnv {
    const spool = this.file("spool");
    return {
      WAYWARD_CA: this.authority.caFile,
      WAYWARD_KEY_FILE: keyFile ?? "",
      WAYWARD_SPOOL: spool,
      NODE_OPTIONS: "",
    };
  }
}

/** A program in one string, with an agent that finds its server in the environment. */
function program(body: string, env: NodeJS.ProcessEnv, node = process.execPath): Started {
  const source = `import { start } from ${JSON.stringify(AGENT)}; const agent = start(); ${body}`;
  return new Started(node, ["--input-type=module", "-e", source], env);
}

describe("an all-in-one behind keys and TLS", () => {
  let folder: TempFolder;
  let doors: Doors;
  let up: Started;
  let agent: string;
  let admin: string;
  let address: string;
  let http: string;
  const server = () => ({ WAYWARD_SERVER: `https://${address}` });

  beforeAll(async () => {
    folder = await tempFolder("access");
    doors = new Doors(folder.path);
    agent = await doors.key("agent", "ingest");
    admin = await doors.key("admin", "ingest", "read", "delete", "admin");
    const args = ["up", "--data", doors.file("data"), "--port", "0", "--http-port", "0"];
    up = wayward(args, doors.serviceEnv);
    address = `localhost${await up.says(/gRPC at 127\.0\.0\.1(\S+?),/, 30_000)}`;
    http = `https://localhost${await up.says(/metrics at https:\/\/127\.0\.0\.1(:\d+)/, 1_000)}`;
  }, 60_000);
  afterAll(async () => {
    await up.stop();
    await folder.remove();
  });

  test("records, answers and analyses for those who have a key", async () => {
    const ran = await doors.run(agent, server(), "run", "--name", "keyed", "--", "node", "samples/hello/hello.mjs");
    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining("wayward: recorded keyed") });
    const read = await doors.run(admin, server(), "read", "-n", "keyed", "-l", "3");
    expect(read).toMatchObject({ code: 0, output: expect.stringContaining("ann") });
    const inverted = program(`${INVERSION} await agent.delivered(20_000);`, { ...doors.clientEnv(agent), ...server() });
    expect({ code: await inverted.ended, output: inverted.output }).toEqual({ code: 0, output: "" });
    await doors.sees(admin, server(), /inverted-a/, "findings");
  }, 90_000);

  test.each([process.execPath, SYSTEM_NODE])(
    "takes from an agent on %s, and tells it what is missing",
    async (node) => {
      const env = {
        ...doors.clientEnv(agent),
        ...server(),
        WAYWARD_NAME: "old-node",
        WAYWARD_SPOOL: doors.file("old"),
      };
      const body = `agent.note("noted"); await agent.delivered(20_000);`;
      const well = program(body, env, node);
      expect({ code: await well.ended, output: well.output }).toEqual({ code: 0, output: "" });
      const late = `agent.note("noted"); setInterval(() => {}, 1_000);`;
      const untrusting = program(late, { ...env, WAYWARD_CA: "" }, node);
      await untrusting.says(
        /wayward: .*localhost:\d+ shows a certificate that nobody trusted here has signed: name its CA/,
        20_000,
      );
      const refused = program(late, { ...env, WAYWARD_KEY_FILE: "" }, node);
      await refused.says(/no key was given: name one in WAYWARD_KEY.*records wait in the spool/, 20_000);
      await Promise.all([untrusting.stop(), refused.stop()]);
    },
    90_000,
  );

  test.each([
    ["no key", 1, {}, "no key was given: name one in WAYWARD_KEY or WAYWARD_KEY_FILE [NO_KEY]"],
    ["another's key", 1, { WAYWARD_KEY: `wayward_abcdefgh_${"x".repeat(40)}` }, "[BAD_KEY]"],
    ["what is no key", 2, { WAYWARD_KEY: "sesame" }, "WAYWARD_KEY holds no key: one is wayward_<id>_<secret>"],
    ["a key file that is not there", 2, { WAYWARD_KEY_FILE: "/nowhere" }, '"/nowhere": cannot be read: ENOENT'],
    ["a CA that is not there", 2, { WAYWARD_CA: "/nowhere" }, 'WAYWARD_CA is "/nowhere": cannot be read: ENOENT'],
    ["nobody to trust", 4, { WAYWARD_CA: "" }, "name its CA's certificate in WAYWARD_CA [UNTRUSTED]"],
    ["plain text", 4, { plain: "1" }, "if it speaks TLS, name it as https://localhost"],
  ])("tells who comes with %s what to do", async (_, code, env, words) => {
    const more = "plain" in env ? { WAYWARD_SERVER: address, WAYWARD_CA: "" } : { ...server(), ...env };
    const asked = await doors.run(undefined, more, "sessions");
    expect(asked).toMatchObject({ code, output: expect.stringContaining(words) });
    // The key itself is never shown, nor what somebody took for one.
    expect(asked.output).not.toMatch(/xxxx|sesame/);
  });

  test("does not keep who records without a key waiting for what will not come", async () => {
    const timed = async (key: string | undefined) => {
      const begun = performance.now();
      const ran = await doors.run(key, server(), "run", "--name", "keyless", "--", "node", "-e", "console.log(1)");
      return { ...ran, ms: performance.now() - begun };
    };
    const well = await timed(agent);
    const { code, output, ms } = await timed(undefined);
    expect(code).toBe(0);
    expect(output).toMatch(/\d+ blocks? of keyless .* waits? in .*: no key was given/);
    // Where a server may come back it would be 10 s more.
    expect(ms - well.ms).toBeLessThan(8_000);
  }, 60_000);

  test("takes from an agent that may not read, and lets nobody read with its key", async () => {
    const asked = await doors.run(agent, server(), "sessions");
    expect(asked).toMatchObject({ code: 1, output: expect.stringContaining("needs a key with the scope read") });
  });

  test("loses nothing of an agent whose key is not known yet, which says so once", async () => {
    const late = doors.file("late.key");
    writeFileSync(late, `wayward_abcdefgh_${"x".repeat(40)}`);
    const env = {
      ...doors.clientEnv(late),
      ...server(),
      WAYWARD_NAME: "late",
      WAYWARD_SPOOL: doors.file("late-spool"),
    };
    const body = `for (let n = 0; n < 100; n++) agent.note("note " + n);
      setInterval(() => agent.note("beat"), 100).unref(); agent.flush(); console.log("recorded");
      process.stdin.once("data", async () => { await agent.delivered(20_000); console.log("delivered"); process.exit(0); });`;
    const recording = program(body, env);
    await recording.says(/the key is not known here.*; records wait in the spool/, 20_000);
    // Several tries later.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(recording.output.split("\n").filter((line) => line.includes("key"))).toHaveLength(1);
    expect(blocksIn(doors.file("late-spool"))).toBeGreaterThan(0);
    renameSync(await doors.key("new", "ingest"), late);
    recording.tell("end");
    await recording.says(/connected again/, 20_000);
    await recording.says(/delivered/, 20_000);
    expect(await recording.ended).toBe(0);
    const read = await doors.run(admin, server(), "read", "-n", "late", "-k", "note", "--json");
    const notes = read.output.split("\n").filter((line) => /"note \d+"/.test(line));
    expect(notes).toHaveLength(100);
  }, 90_000);

  test("lets nobody in by a key that was revoked, from the next second on", async () => {
    const gone = await doors.key("gone", "read");
    const ask = () => doors.run(gone, server(), "sessions");
    await until("the key is known", async () => (await ask()).code === 0, { withinMs: 10_000 });
    const [, id = ""] = readFileSync(gone, "utf8").split("_");
    const revoked = await doors.run(undefined, {}, "keys", "revoke", "--file", doors.file("keys"), id);
    expect(revoked).toMatchObject({ code: 0, output: `${id} (gone) is revoked\n` });
    await until("the key is refused", async () => /BAD_KEY/.test((await ask()).output), { withinMs: 10_000 });
    expect(await doors.run(admin, server(), "sessions")).toMatchObject({ code: 0 });
  }, 60_000);

  test("is examined by doctor, who says what is missing", async () => {
    const well = await doors.run(admin, server(), "doctor", "--metrics", http);
    expect(well).toMatchObject({ code: 0, output: expect.stringMatching(/ok {4}archiving {2}of 4 partitions/) });
    const keyless = await doors.run(undefined, server(), "doctor", "--cluster", "--metrics", http);
    expect(keyless).toMatchObject({
      code: 5,
      output: expect.stringContaining("tells its metrics to nobody without a key"),
    });
    expect(keyless.output).toMatch(/FAIL {2}archive {4}no key was given.*\n.*fix: set WAYWARD_KEY or WAYWARD_KEY_FILE/);
    const plain = await doors.run(admin, { WAYWARD_SERVER: address, WAYWARD_CA: "" }, "doctor");
    expect(plain).toMatchObject({ code: 5, output: expect.stringContaining("does not answer in plain text") });
  }, 60_000);

  test("is found healthy by its image, which trusts nobody", async () => {
    const env = { ...doors.serviceEnv, WAYWARD_HTTP_PORT: http.slice(http.lastIndexOf(":") + 1) };
    expect(await new Started(process.execPath, ["deploy/images/health.js"], env).ended).toBe(0);
    expect(
      await new Started(process.execPath, ["deploy/images/health.js"], { ...env, WAYWARD_TLS_CERT: "" }).ended,
    ).toBe(1);
  });

  test("keeps no key and shows none", () => {
    const secrets = [agent, admin, doors.file("late.key")].map((file) => readFileSync(file, "utf8").trim());
    const kept = readFileSync(doors.file("keys"), "utf8");
    for (const secret of secrets) {
      expect(kept).not.toContain(secret);
      expect(up.output).not.toContain(secret);
    }
  });
});

function blocksIn(spool: string): number {
  if (!existsSync(spool)) return 0;
  return readdirSync(spool, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".block")).length;
}

describe("settings of listeners", () => {
  test("are all told at once where they are wrong", async () => {
    await using folder = await tempFolder("settings");
    const authority = new Authority(folder.path);
    const [one, other] = [authority.issue("one"), authority.issue("other")];
    const file = (name: string, text: string) => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const told = async (env: NodeJS.ProcessEnv) => {
      const service = new Started(process.execPath, ["services/ingest/src/main.ts"], env);
      expect(await service.ended).toBe(2);
      const { reason, error } = JSON.parse(service.output.trim().split("\n").at(-1)!);
      expect(reason).toBe("BAD_CONFIG");
      return error
        .split("\n  ")
        .slice(1)
        .map((line: string) => line.replaceAll(folder.path, ""));
    };
    expect(
      await told({
        WAYWARD_KEYS: file("keys", "abcdefgh write sha256:00\n"),
        WAYWARD_TLS_CERT: file("cert", "no certificate"),
        WAYWARD_TLS_KEY: file("key", "no key"),
        WAYWARD_TLS_CLIENT_CA: "/nowhere",
        WAYWARD_PORT: "none",
      }),
    ).toEqual([
      'WAYWARD_PORT is "none": not a port from 0 to 65535',
      'WAYWARD_KEYS is "/keys": line 1: scope "write" is not ingest, read, delete, admin',
      'WAYWARD_TLS_CERT is "/cert": not a certificate in PEM',
      'WAYWARD_TLS_KEY is "/key": not a private key in PEM, or one with a pass phrase',
      'WAYWARD_TLS_CLIENT_CA is "/nowhere": cannot be read: ENOENT',
    ]);
    expect(await told({ WAYWARD_TLS_CERT: one.certFile, WAYWARD_TLS_KEY: other.keyFile })).toEqual([
      'WAYWARD_TLS_KEY is "/other.key": not the key of WAYWARD_TLS_CERT',
    ]);
    expect(await told({ WAYWARD_TLS_CERT: one.certFile })).toEqual([
      'WAYWARD_TLS_CERT is "/one.pem": WAYWARD_TLS_KEY is not set',
    ]);
    expect(await told({ WAYWARD_TLS_KEY: one.keyFile, WAYWARD_TLS_CLIENT_CA: authority.caFile })).toEqual([
      'WAYWARD_TLS_KEY is "/one.key": WAYWARD_TLS_CERT is not set',
      'WAYWARD_TLS_CLIENT_CA is "/ca.pem": WAYWARD_TLS_CERT is not set',
    ]);
  }, 30_000);
});

const real = await requireReal("nats-server", "versitygw");
(real ? describe : describe.skip)("four services behind keys and TLS", () => {
  test("record, answer, and report findings to each other", async () => {
    await using folder = await tempFolder("access-cluster");
    const doors = new Doors(folder.path);
    const agent = await doors.key("agent", "ingest");
    const reader = await doors.key("reader", "read");
    const clientEnv = doors.clientEnv(agent);
    const env = { ...doors.serviceEnv, WAYWARD_CA: doors.authority.caFile, WAYWARD_KEY_FILE: agent };
    const cluster = await Cluster.start({ syncAlways: false, env, url: "https://localhost" });
    try {
      const inverted = program(`${INVERSION} await agent.delivered(20_000);`, {
        ...clientEnv,
        ...cluster.clientEnv,
        WAYWARD_NAME: "inverted",
      });
      expect({ code: await inverted.ended, output: inverted.output }).toEqual({ code: 0, output: "" });
      await doors.sees(reader, cluster.clientEnv, /inverted/, "sessions");
      await doors.sees(reader, cluster.clientEnv, /inverted-a/, "findings");
      const refused = await doors.run(reader, cluster.clientEnv, "delete", "0".repeat(26));
      expect(refused).toMatchObject({ code: 1, output: expect.stringContaining("the scope delete") });
    } finally {
      await cluster.stop();
    }
  }, 180_000);
});

describe("docs/operate/access.md", () => {
  const page = readFileSync(join(root, "docs/operate/access.md"), "utf8");
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);

  test("has commands that close the doors, and open them", async () => {
    await using folder = await tempFolder("access-docs");
    const [port, httpPort] = [await freePort(), await freePort()];
    const shell = (script: string) => {
      const here = script.replaceAll("4610", String(port)).replaceAll("4611", String(httpPort));
      const env = { PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`, NODE_OPTIONS: "" };
      const spool = { WAYWARD_SPOOL: join(folder.path, "spool") };
      return new Started("sh", ["-ec", `cd ${folder.path}\n${here}`], { ...env, ...spool });
    };
    const [keys = "", certificates = "", start = "", calls = ""] = blocks;
    const made = shell(keys + certificates);
    expect({ code: await made.ended, output: made.output }).toMatchObject({ code: 0 });
    const up = shell(`exec env ${start.trim()} --data data --port 4610 --http-port 4611`);
    try {
      await up.says(/ready:/, 30_000);
      const called = shell(calls);
      expect({ code: await called.ended, output: called.output }).toMatchObject({ code: 0 });
      expect(called.output).toMatch(/wayward: recorded shop/);
      expect(called.output).toMatch(/shop\/main log.message hello/);
      expect(called.output).toMatch(/^wayward_certificate_expires_seconds 1/m);
    } finally {
      await up.stop();
    }
  }, 60_000);

  test("names every reason that clients are told", () => {
    const listed = [...page.matchAll(/^\| ([A-Z]+_?[A-Z_]+) +\|/gm)].map(([, reason]) => reason!);
    const errors = readFileSync(join(root, "docs/errors.md"), "utf8");
    expect([...DOOR_REASONS].filter((reason) => !listed.includes(reason))).toEqual([]);
    const ours = listed.filter((reason) => !reason.startsWith("WAYWARD"));
    expect(ours.filter((reason) => !errors.includes(`| ${reason} `))).toEqual([]);
  });
});
