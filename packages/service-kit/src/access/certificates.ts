import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { fail, ok, type Result, unwrap } from "@wayward/base";
import { errorFacts, type Log } from "../log.ts";
import { type FileBytes, readAll, WatchedFiles } from "./watched-files.ts";

/** PEM files of a listener that speaks TLS. */
export interface CertificateFiles {
  /** The certificate, and those between it and its CA. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Callers must show a certificate that one of these has signed. */
  readonly clientCaFile?: string | undefined;
}

/** What a listener shows, and hears anew. */
export interface Certificates {
  readonly context: SecureContextOptions;
  /** Whether callers must show a certificate. */
  readonly asksClients: boolean;
  onRenewed(listener: (context: SecureContextOptions) => void): void;
  close(): void;
}

/**
 * Certificates of files, read again when they change: connections that stand
 * go on, new ones see the new. Files that do not fit together change nothing,
 * and are told. `told` hears until when, in milliseconds since 1970, the
 * certificate is valid. Throws BAD_CONFIG and what the file system throws.
 */
export function openCertificates(
  files: CertificateFiles,
  log: Log,
  told: (validUntilMs: number) => void,
): Certificates {
  const paths = [files.certFile, files.keyFile, ...(files.clientCaFile === undefined ? [] : [files.clientCaFile])];
  const listeners: ((context: SecureContextOptions) => void)[] = [];
  const take = (bytes: FileBytes) => {
    const context = unwrap(contextOf(bytes));
    const { validToDate: until } = new X509Certificate(bytes[0]!);
    told(until.getTime());
    if (until.getTime() < Date.now()) log.error("the certificate has expired", { until });
    return { context, until };
  };
  const first = readAll(paths);
  const opened = {
    context: take(first).context,
    asksClients: files.clientCaFile !== undefined,
    onRenewed: (listener: (context: SecureContextOptions) => void) => void listeners.push(listener),
    close: () => watched.close(),
  };
  const watched = new WatchedFiles(paths, first, {
    changed: (bytes) => {
      const { context, until } = take(bytes);
      opened.context = context;
      for (const listener of listeners) listener(context);
      log.info("the certificate was read again", { until });
    },
    failed: (error) => log.error("the certificate cannot be read again; that from before is shown", errorFacts(error)),
  });
  return opened;
}

/** Error BAD_CONFIG where the three do not fit together. */
function contextOf([cert, key, clientCa]: FileBytes): Result<SecureContextOptions> {
  const wrong = certificateProblem(cert!) ?? keyProblem(key!) ?? (clientCa && certificateProblem(clientCa));
  if (wrong !== undefined) return fail("INVALID_ARGUMENT", "BAD_CONFIG", wrong);
  if (!new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!))) {
    return fail("INVALID_ARGUMENT", "BAD_CONFIG", "the key is not that of the certificate");
  }
  const context = { cert: cert!, key: key!, ...(clientCa === undefined ? {} : { ca: clientCa }) };
  try {
    createSecureContext(context);
    return ok(context);
  } catch (error) {
    return fail("INVALID_ARGUMENT", "BAD_CONFIG", `OpenSSL does not take it: ${error}`);
  }
}

/** What is wrong with a file of certificates. */
export function certificateProblem(bytes: Buffer): string | undefined {
  try {
    new X509Certificate(bytes);
    return undefined;
  } catch {
    return "not a certificate in PEM";
  }
}

/** What is wrong with a file of a private key. */
export function keyProblem(bytes: Buffer): string | undefined {
  try {
    createPrivateKey(bytes);
    return undefined;
  } catch {
    return "not a private key in PEM, or one with a pass phrase";
  }
}
