import { lookup } from "node:dns/promises";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { addressOf, checkAddress, connect } from "@wayward/client";
import { waitingBlocks } from "@wayward/collector";
import { EXIT } from "../exit.ts";
import { ingestAddress, spoolFolder } from "../folders.ts";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";

export interface DoctorCommand {
  readonly server?: string;
  readonly json?: boolean;
}

/** One hop on the way from a program to an analyst. */
interface Finding {
  readonly hop: string;
  readonly ok: boolean;
  readonly what: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** `wayward doctor`: checks hop after hop, names the first that fails and the fix. Exit code 5 if one does. */
export async function doctor(options: DoctorCommand): Promise<void> {
  let failed = false;
  for await (const finding of examine(options)) {
    failed ||= !finding.ok;
    if (options.json) await write(jsonLine(finding));
    else {
      await write(`${finding.ok ? "ok  " : "FAIL"}  ${finding.hop.padEnd(10)} ${finding.what}\n`);
      if (finding.fix !== undefined) await write(`      ${"".padEnd(10)} fix: ${finding.fix}\n`);
    }
  }
  if (failed) process.exitCode = EXIT.findings;
}

async function* examine({ server }: DoctorCommand): AsyncGenerator<Finding> {
  yield { hop: "node", ok: true, what: process.version };
  yield await spoolFinding();
  for (const target of ["ingest", "query", "stream"] as const) {
    const address = target === "ingest" ? checkAddress(ingestAddress(server)) : addressOf(target, server);
    if (address.error !== undefined) {
      yield {
        hop: target,
        ok: false,
        what: address.error.message,
        fix: "name it as host:port, for example localhost:4610",
      };
      return;
    }
    const reached = await reach(target, address.value);
    yield reached;
    if (!reached.ok) return;
  }
  yield await answerFinding(server);
}

async function spoolFinding(): Promise<Finding> {
  const folder = spoolFolder();
  try {
    if (!(await stat(folder)).isDirectory()) {
      return { hop: "spool", ok: false, what: `${folder} is no folder`, fix: "name a folder in WAYWARD_SPOOL" };
    }
    await access(folder, constants.W_OK);
    const { blocks, sessions } = waitingBlocks(folder);
    if (blocks === 0) return { hop: "spool", ok: true, what: `${folder}: no blocks wait` };
    const what = `${folder}: ${blocks} blocks of ${sessions} sessions wait`;
    return { hop: "spool", ok: true, what, fix: `if their programs have ended: wayward collect --once ${folder}` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    // Agents make the default folder themselves.
    if (code === "ENOENT" && process.env.WAYWARD_SPOOL === undefined) {
      return { hop: "spool", ok: true, what: `${folder}: nothing was recorded yet` };
    }
    return {
      hop: "spool",
      ok: false,
      what: `${folder}: ${code}`,
      fix: "make the folder, and let this user write there",
    };
  }
}

async function reach(hop: string, address: string): Promise<Finding> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  try {
    await lookup(host);
  } catch {
    return { hop, ok: false, what: `${host} has no address`, fix: "check the name in WAYWARD_SERVER" };
  }
  const error = await knock(host, Number(address.slice(at + 1)));
  if (error === undefined) return { hop, ok: true, what: `${address} takes connections` };
  const fix = error === "ECONNREFUSED" ? "start the server: wayward up" : "check the network between here and there";
  return { hop, ok: false, what: `${address}: ${error}`, fix };
}

/** Opens a connection and closes it again; tells why not. */
function knock(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port, timeout: 3000 });
    const finish = (error?: string) => {
      socket.destroy();
      resolve(error);
    };
    socket.once("connect", () => finish());
    socket.once("timeout", () => finish("no answer for 3 s"));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

async function answerFinding(server: string | undefined): Promise<Finding> {
  const client = connect({ server });
  try {
    const { kinds, coverage } = await client.kinds();
    const records = `${coverage?.sessions ?? 0n} sessions, ${coverage?.records ?? 0n} records of ${kinds.length} kinds`;
    return { hop: "archive", ok: true, what: `answers: ${records}` };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { hop: "archive", ok: false, what, fix: "look into the server's log: its store or bus may be gone" };
  } finally {
    client.close();
  }
}
