import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** PEM files of a certificate and its key. */
export interface CertificatePair {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** Whom it names, as OpenSSL writes it. Default: this machine, by name and by address. */
  readonly names?: string;
  /** Below 0 it has expired. Default 1. */
  readonly days?: number;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A CA for one test, made by the openssl of PATH in a folder of the test's. */
export class Authority {
  readonly caFile: string;
  readonly #keyFile: string;
  readonly #folder: string;

  constructor(folder: string, name = "ca") {
    this.#folder = folder;
    this.caFile = join(folder, `${name}.pem`);
    this.#keyFile = join(folder, `${name}.key`);
    const out = ["-keyout", this.#keyFile, "-out", this.caFile];
    openssl("req", "-x509", ...EC, "-days", "2", "-subj", `/CN=${name} of a test`, ...out);
  }

  /** Makes `<name>.pem` and `<name>.key`, in place of those that are there. */
  issue(name: string, { names = "DNS:localhost,IP:127.0.0.1", days = 1 }: CertificateOptions = {}): CertificatePair {
    const file = (end: string) => join(this.#folder, `${name}.${end}`);
    const pair = { certFile: file("pem"), keyFile: file("key") };
    openssl("req", "-new", ...EC, "-subj", `/CN=${name}`, "-keyout", pair.keyFile, "-out", file("csr"));
    writeFileSync(file("ext"), `subjectAltName=${names}\nbasicConstraints=CA:FALSE\n`);
    const signed = ["-CA", this.caFile, "-CAkey", this.#keyFile, "-CAcreateserial", "-days", String(days)];
    openssl("x509", "-req", "-in", file("csr"), ...signed, "-extfile", file("ext"), "-out", pair.certFile);
    return pair;
  }
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
