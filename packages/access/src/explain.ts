import { type CodeName, WaywardError } from "@wayward/base";
import { parseAddress } from "./address.ts";

/** Makes an error about the server at `hostPort`. */
type About = (hostPort: string) => WaywardError;

/** `fix` says what to do, `$` in it stands for host and port. */
function make(code: CodeName, reason: string, what: string, fix: string): About {
  return (hostPort) => new WaywardError(code, reason, `${hostPort} ${what}: ${fix.replace("$", hostPort)}`);
}

/** What OpenSSL, Node and gRPC say when no connection comes about, and what it means. */
const ROWS: readonly (readonly [words: RegExp, about: About])[] = [
  [
    /wrong version number|packet length too long|http request|invalid.*record/i,
    make("UNAVAILABLE", "NO_TLS", "speaks no TLS", "name it as http://$"),
  ],
  [
    /certificate has expired|certificate is not yet valid|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    make(
      "UNAVAILABLE",
      "CERTIFICATE_EXPIRED",
      "shows a certificate that is not valid now",
      "renew it there, or set this machine's clock",
    ),
  ],
  [
    /ALTNAME_INVALID|does not match certificate's altnames/,
    make(
      "UNAVAILABLE",
      "WRONG_NAME",
      "shows a certificate of another name",
      "name the server as its certificate does, or give it one that has this name",
    ),
  ],
  [
    /self-signed certificate|unable to verify|unable to get (?:local )?issuer|UNABLE_TO_|SELF_SIGNED|signature failure/i,
    make(
      "UNAVAILABLE",
      "UNTRUSTED",
      "shows a certificate that nobody trusted here has signed",
      "name its CA's certificate in WAYWARD_CA",
    ),
  ],
  [
    /alert certificate required|alert handshake failure/,
    make(
      "UNAVAILABLE",
      "CERTIFICATE_NEEDED",
      "asks for a certificate",
      "name one in WAYWARD_CERT, and its key in WAYWARD_CERT_KEY",
    ),
  ],
  [
    /alert (?:unknown ca|bad certificate|certificate (?:unknown|expired|revoked)|unsupported certificate|decrypt error)/,
    make(
      "UNAVAILABLE",
      "CERTIFICATE_REFUSED",
      "does not take the certificate in WAYWARD_CERT",
      "name one that the server's WAYWARD_TLS_CLIENT_CA has signed and that is valid now",
    ),
  ],
  [
    /^Failed to connect|Protocol error|ERR_HTTP2_ERROR/,
    make(
      "UNAVAILABLE",
      "NOT_PLAIN",
      "does not answer in plain text",
      "if it speaks TLS, name it as https://$ and its CA in WAYWARD_CA",
    ),
  ],
];

/** Makes an error of the words about a connection that did not come about; undefined where they say nothing of TLS. */
export function explain(words: string, address: string): WaywardError | undefined {
  const bare = plainly(words);
  const [, about] = ROWS.find(([pattern]) => pattern.test(bare)) ?? [];
  const place = parseAddress(address);
  return about?.(place.error === undefined ? place.value.hostPort : address);
}

/** Of gRPC's sentences about a connection the system's one, where it is there. */
export function plainly(details: string): string {
  return /Last error: (?:Error: )?([\s\S]+?)\.?\s* Resolution note:/.exec(details)?.[1] ?? details;
}
