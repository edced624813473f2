import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { accessFrom, idOf, keyOf } from "@wayward/access";
import { WaywardError } from "@wayward/base";
import { addressOf, checkAddress, connect } from "@wayward/client";
import { collectCommand, waitingBlocks } from "@wayward/collector";
import { archivingFinding } from "../doctor/archiving.ts";
import { type ClusterPlaces, examineCluster } from "../doctor/cluster.ts";
import type { Finding } from "../doctor/finding.ts";
import { namedBy, type Service, serviceFinding } from "../doctor/service.ts";
import { EXIT } from "../exit.ts";
import { ingestAddress, spoolFolder } from "../folders.ts";
import { countText } from "../output/count.ts";
import { jsonLine } from "../output/json.ts";
import { write } from "../output/write.ts";

export interface DoctorCommand {
  readonly server?: string;
  readonly json?: boolean;
  /** HTTP addresses of the archivers; with `cluster` of all services. */
  readonly metrics?: string[];
  /** Look at NATS, the store and every process too. */
  readonly cluster?: boolean;
  readonly natsMonitor?: string[];
  readonly store?: string;
}

const SERVICES: readonly Service[] = ["ingest", "query", "stream"];
/** Where a process with these settings answers gRPC and tells its metrics. */
const DEFAULT_PORT = ":4610";
const DEFAULT_HTTP_PORT = ":4611";

/** `wayward doctor`: checks hop after hop, names those that fail and the fix. Exit code 5 if one does. */
export async function doctor(options: DoctorCommand): Promise<void> {
  let first: Finding | undefined;
  for await (const finding of examine(options)) {
    if (!finding.ok) first ??= finding;
    if (options.json) await write(jsonLine(finding));
    else {
      await write(`${finding.ok ? "ok  " : "FAIL"}  ${finding.hop.padEnd(10)} ${finding.what}\n`);
      if (finding.fix !== undefined) await write(`      ${"".padEnd(10)} fix: ${finding.fix}\n`);
    }
  }
  if (first === undefined) return;
  process.exitCode = EXIT.findings;
  if (options.cluster && !options.json) await write(`\nBegin with ${first.hop}: ${first.fix ?? first.what}\n`);
}

async function* examine(options: DoctorCommand): AsyncGenerator<Finding> {
  yield { hop: "node", ok: true, what: process.version };
  yield await spoolFinding(options.server);
  if (options.cluster) yield* examineCluster(placesOf(options));
  yield* examineServices(options);
}

/** Services whose HTTP port nobody names are looked for at the usual one of their host. */
function placesOf({ server, metrics = [], natsMonitor, store }: DoctorCommand): ClusterPlaces {
  const known = [checkAddress(ingestAddress(server)), addressOf("query", server), addressOf("stream", server)];
  const usual = known.flatMap((address) => (address.error === undefined ? [address.value] : []));
  const guessed = usual.filter((address) => address.endsWith(DEFAULT_PORT));
  const monitor = process.env.WAYWARD_NATS_MONITOR;
  return {
    http: [...metrics, ...guessed.map((address) => address.replace(DEFAULT_PORT, DEFAULT_HTTP_PORT))],
    natsMonitor: natsMonitor ?? (monitor === undefined ? [] : [monitor]),
    store: store ?? process.env.WAYWARD_STORE,
  };
}

async function* examineServices({ server, metrics, cluster }: DoctorCommand): AsyncGenerator<Finding> {
  const failed = new Set<string>();
  const addresses = new Set<string>();
  for (const service of SERVICES) {
    const address = service === "ingest" ? checkAddress(ingestAddress(server)) : addressOf(service, server);
    if (address.error !== undefined) {
      const fix = "name it as host:port, for example localhost:4610, or https://host:port";
      yield { hop: service, ok: false, what: address.error.message, fix };
      return;
    }
    // One process that is not there fails once, whatever it would have served.
    if (failed.has(address.value)) continue;
    const finding = await serviceFinding(service, address.value, namedBy(service, server, process.env));
    yield finding;
    if (!finding.ok) failed.add(address.value);
    addresses.add(address.value);
  }
  const [only = ""] = addresses;
  const guess =
    addresses.size === 1 && only.endsWith(DEFAULT_PORT) ? [only.replace(DEFAULT_PORT, DEFAULT_HTTP_PORT)] : [];
  const archivers = metrics ?? guess;
  if (!cluster && (failed.size === 0 || metrics !== undefined)) {
    const unknown = { hop: "archiving", ok: true, what: "not looked at: name the archivers' HTTP ports in --metrics" };
    yield archivers.length === 0 ? unknown : await archivingFinding(archivers);
  }
  if (failed.size > 0) return;
  yield await keyFinding(server);
  yield await answerFinding(server);
}

async function spoolFinding(server: string | undefined): Promise<Finding> {
  const folder = spoolFolder();
  try {
    if (!(await stat(folder)).isDirectory()) {
      return { hop: "spool", ok: false, what: `${folder} is no folder`, fix: "name a folder in WAYWARD_SPOOL" };
    }
    await access(folder, constants.W_OK);
    const { blocks, sessions } = waitingBlocks(folder);
    if (blocks === 0) return { hop: "spool", ok: true, what: `${folder}: no blocks wait` };
    const counts = `${countText(blocks, "block")} of ${countText(sessions, "session")}`;
    const what = `${folder}: ${counts} ${blocks === 1 ? "waits" : "wait"}`;
    const fix = `if their programs have ended: ${collectCommand(folder, server)}`;
    return { hop: "spool", ok: true, what, fix };
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

/** Whether ingest lets in who comes so: with its health it lets everyone in. */
async function keyFinding(server: string | undefined): Promise<Finding> {
  const client = connect({ server });
  const hop = "key";
  try {
    await client.control();
    const id = idOf(keyOf(accessFrom()) ?? "");
    return { hop, ok: true, what: id === undefined ? "none is named, and none is asked for" : `${id} is let in` };
  } catch (error) {
    const { message: what } = WaywardError.from(error);
    return { hop, ok: false, what, fix: "docs/operate/access.md" };
  } finally {
    client.close();
  }
}

async function answerFinding(server: string | undefined): Promise<Finding> {
  const client = connect({ server });
  try {
    const { kinds, coverage } = await client.kinds();
    const records = `${countText(coverage?.sessions ?? 0n, "session")}, ${countText(coverage?.records ?? 0n, "record")} of ${countText(kinds.length, "kind")}`;
    return { hop: "archive", ok: true, what: `answers: ${records}` };
  } catch (error) {
    const { code, message: what } = WaywardError.from(error);
    if (code === "UNAUTHENTICATED" || code === "PERMISSION_DENIED") {
      return { hop: "archive", ok: false, what, fix: "set WAYWARD_KEY or WAYWARD_KEY_FILE; docs/operate/access.md" };
    }
    return { hop: "archive", ok: false, what, fix: "look into the server's log: its store or bus may be gone" };
  } finally {
    client.close();
  }
}
