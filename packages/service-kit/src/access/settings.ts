import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { setting } from "../config.ts";
import { certificateProblem, keyProblem } from "./certificates.ts";
import { parseKeys } from "./keys.ts";

/** Who is let in at the listeners, and what they speak. All of them are files that may be replaced while the process runs. */
export const DOOR_SETTINGS = {
  keys: setting.checkedFile(
    "WAYWARD_KEYS",
    "file of the keys that are let in; without it everyone is",
    (bytes) => parseKeys(bytes.toString()).error?.message,
  ),
  tlsCert: setting.checkedFile(
    "WAYWARD_TLS_CERT",
    "certificate of both listeners, with those up to its CA, PEM; only TLS is spoken then",
    (bytes, env) => certificateProblem(bytes) ?? (env.WAYWARD_TLS_KEY ? undefined : "WAYWARD_TLS_KEY is not set"),
  ),
  tlsKey: setting.checkedFile("WAYWARD_TLS_KEY", "its key, PEM", (bytes, env) => {
    if (!env.WAYWARD_TLS_CERT) return "WAYWARD_TLS_CERT is not set";
    return keyProblem(bytes) ?? strangerProblem(bytes, env.WAYWARD_TLS_CERT);
  }),
  tlsClientCa: setting.checkedFile(
    "WAYWARD_TLS_CLIENT_CA",
    "callers of gRPC must show a certificate that one of these has signed, PEM",
    (bytes, env) => certificateProblem(bytes) ?? (env.WAYWARD_TLS_CERT ? undefined : "WAYWARD_TLS_CERT is not set"),
  ),
};

/** What is wrong with a key beside its certificate; what is wrong with that alone is told there. */
function strangerProblem(key: Buffer, certFile: string): string | undefined {
  try {
    const isIts = new X509Certificate(readFileSync(certFile)).checkPrivateKey(createPrivateKey(key));
    return isIts ? undefined : "not the key of WAYWARD_TLS_CERT";
  } catch {
    return undefined;
  }
}
