import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { needBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { answersOk, logTail, startServer } from "./server-process.ts";
import { tempFolder } from "./temp.ts";

export interface S3Options {
  /** Default `wayward`. */
  readonly bucket?: string;
  /** File for a line of each request, in the form of S3's own access logs. */
  readonly accessLog?: string;
}

/** A running S3 server with one empty bucket. */
export interface S3Server {
  /** `http://127.0.0.1:<port>`, path style. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** What openStore takes: `s3://bucket?endpoint=…&region=…`. */
  readonly storeUrl: string;
  /** The credentials, as the environment of a process that uses it. */
  readonly env: Readonly<Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_REGION", string>>;
  readonly pid: number;
  /** Ends it without warning. Its data stay. */
  kill(): Promise<void>;
  /** Starts it again with the same port and data, after an orderly end if it still runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data; after a crash they stay and the log's end is printed. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ACCESS = "test";
const SECRET = "testtest";
const REGION = "us-east-1";

/** Starts versitygw on a folder of its own. It proves semantics, not power cuts: it never syncs. */
export async function startVersitygw(options: S3Options = {}): Promise<S3Server> {
  const bucket = options.bucket ?? "wayward";
  const program = await needBinary("versitygw");
  const folder = await tempFolder("versitygw");
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = join(folder.path, "versitygw.log");
  // A bucket is a folder below the root. The sidecar holds what else would
  // need extended attributes, which temporary file systems may lack.
  await mkdir(join(folder.path, "root", bucket), { recursive: true });
  await mkdir(join(folder.path, "sidecar"));
  const log = options.accessLog === undefined ? [] : ["--access-log", options.accessLog];
  const paths = ["--sidecar", join(folder.path, "sidecar"), join(folder.path, "root")];
  const start = () =>
    startServer({
      name: "versitygw",
      program,
      args: [
        "--quiet",
        "--keep-alive",
        "--health",
        "/healthz",
        "--port",
        `127.0.0.1:${port}`,
        ...log,
        "posix",
        ...paths,
      ],
      env: { ROOT_ACCESS_KEY: ACCESS, ROOT_SECRET_KEY: SECRET },
      logFile,
      ready: () => answersOk(`${endpoint}/healthz`),
    });
  let server = await start();
  let killed = false;
  const stop = async () => {
    if (!server.running && !killed) {
      process.stderr.write(`versitygw (${folder.path}) ended by itself:\n${await logTail(logFile)}\n`);
      return;
    }
    await server.end("SIGTERM");
    await folder.remove();
  };
  return {
    endpoint,
    bucket,
    region: REGION,
    storeUrl: `s3://${bucket}?endpoint=${encodeURIComponent(endpoint)}&region=${REGION}`,
    env: { AWS_ACCESS_KEY_ID: ACCESS, AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: REGION },
    get pid() {
      return server.pid;
    },
    async kill() {
      killed = true;
      await server.end("SIGKILL");
    },
    async restart() {
      await server.end("SIGTERM");
      server = await start();
      killed = false;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
