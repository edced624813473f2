import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Certificates, openCertificates } from "./certificates.ts";
import { type KeySource, openKeyFile } from "./key-file.ts";

/** Who is let in at the listeners of a process, and what they speak. */
export interface Doors {
  /** Undefined: everyone may do everything. */
  readonly keys: KeySource | undefined;
  /** Undefined: plain text. */
  readonly certificates: Certificates | undefined;
  close(): void;
}

/** The files of it, as DOOR_SETTINGS tells them. */
export interface DoorFiles {
  readonly keys?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsClientCa?: string | undefined;
}

/** Opens what `files` name; where nobody is kept out, and others than this machine may come, it says so. Throws BAD_CONFIG. */
export function openDoors(files: DoorFiles, host: string, { log, metrics }: { log: Log; metrics: Metrics }): Doors {
  const { tlsCert: certFile, tlsKey: keyFile, tlsClientCa: clientCaFile } = files;
  const expires = metrics.gauge(
    "wayward_certificate_expires_seconds",
    "When the certificate of the listeners expires, in seconds since 1970; 0 where they speak plain text",
  );
  const tell = (untilMs: number) => expires.set(Math.floor(untilMs / 1000));
  const keys = files.keys === undefined ? undefined : openKeyFile(files.keys, log);
  const certificates =
    certFile === undefined || keyFile === undefined
      ? undefined
      : openCertificates({ certFile, keyFile, clientCaFile }, log, tell);
  if (!isLoopback(host)) warn({ keys, certificates }, host, log);
  const close = () => {
    keys?.close();
    certificates?.close();
  };
  return { keys, certificates, close };
}

function warn({ keys, certificates }: Pick<Doors, "keys" | "certificates">, host: string, log: Log): void {
  if (keys === undefined && certificates?.asksClients !== true) {
    const fix = "WAYWARD_KEYS names a file of keys";
    log.warn("everyone who reaches this host may record, read, delete and change what agents are told", { host, fix });
  } else if (certificates === undefined) {
    const fix = "WAYWARD_TLS_CERT and WAYWARD_TLS_KEY name a certificate; else let TLS end in front";
    log.warn("keys and records travel in plain text", { host, fix });
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
