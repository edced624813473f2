import { readFileSync } from "node:fs";
import type { SecureContextOptions } from "node:tls";
import { WaywardError } from "@wayward/base";
import { isKey } from "./key.ts";

/** With what a client comes: its key, whom it trusts, and who it is. Files are read when a connection is opened, so they may be renewed. */
export interface AccessSettings {
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
  /** PEM files: certificates to trust, which makes TLS a must, and what to show where the server asks for one. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly certKeyFile?: string | undefined;
}

/** WAYWARD_KEY, else what is in WAYWARD_KEY_FILE; WAYWARD_CA; WAYWARD_CERT with WAYWARD_CERT_KEY. */
export function accessFrom(env: NodeJS.ProcessEnv = process.env): AccessSettings {
  return {
    key: env.WAYWARD_KEY || undefined,
    keyFile: env.WAYWARD_KEY_FILE || undefined,
    caFile: env.WAYWARD_CA || undefined,
    certFile: env.WAYWARD_CERT || undefined,
    certKeyFile: env.WAYWARD_CERT_KEY || undefined,
  };
}

/** The key as it is now; undefined where none is named. Throws BAD_ACCESS. */
export function keyOf({ key, keyFile }: AccessSettings): string | undefined {
  const text = (key ?? (keyFile === undefined ? undefined : fileOf("WAYWARD_KEY_FILE", keyFile).toString()))?.trim();
  if (text === undefined || isKey(text)) return text;
  const where = key === undefined ? `WAYWARD_KEY_FILE (${keyFile})` : "WAYWARD_KEY";
  throw bad(`${where} holds no key: one is wayward_<id>_<secret>, as \`wayward keys create\` prints it`);
}

/** Certificates as they are now. Throws BAD_ACCESS. */
export function tlsOf({ caFile, certFile, certKeyFile }: AccessSettings): SecureContextOptions {
  if ((certFile === undefined) !== (certKeyFile === undefined)) {
    throw bad("of WAYWARD_CERT and WAYWARD_CERT_KEY only one is set");
  }
  return {
    ...(caFile === undefined ? {} : { ca: fileOf("WAYWARD_CA", caFile) }),
    ...(certFile === undefined ? {} : { cert: fileOf("WAYWARD_CERT", certFile) }),
    ...(certKeyFile === undefined ? {} : { key: fileOf("WAYWARD_CERT_KEY", certKeyFile) }),
  };
}

function fileOf(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw bad(`${name} is "${path}": cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
  }
}

function bad(message: string): WaywardError {
  return new WaywardError("INVALID_ARGUMENT", "BAD_ACCESS", message);
}
