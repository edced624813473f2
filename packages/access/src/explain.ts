import { type CodeName, WaywardError } from "@wayward/base";
import { parseAddress } from "./address.ts";
import { isTls } from "./reach.ts";
import { type AccessSettings, accessFrom } from "./settings.ts";

/** Reasons of errors that are made here, and of what a client comes with. */
export const DOOR_REASONS: ReadonlySet<string> = new Set([
  "BAD_ACCESS",
  "CERTIFICATE_EXPIRED",
  "CERTIFICATE_NEEDED",
  "CERTIFICATE_REFUSED",
  "NOT_PLAIN",
  "NO_TLS",
  "UNTRUSTED",
  "WRONG_NAME",
]);

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
];

/** One that stood and broke later says nothing of TLS. */
const NEVER_STOOD = /^No connection established\b/;

/** A connection that the other side has ended before it said anything says this, and no more. */
const ENDED =
  /^Failed to connect|Protocol error|ERR_HTTP2_ERROR|ECONNRESET|socket hang up|disconnected before|\balert\b/;

const notPlain = make(
  "UNAVAILABLE",
  "NOT_PLAIN",
  "does not answer in plain text",
  "if it speaks TLS, name it as https://$ and its CA in WAYWARD_CA; behind a published port or a proxy it may be starting",
);
const refused = make(
  "UNAVAILABLE",
  "CERTIFICATE_REFUSED",
  "does not take the certificate in WAYWARD_CERT",
  "name one that the server's WAYWARD_TLS_CLIENT_CA has signed and that is valid now",
);

/** Makes an error of gRPC's words about a connection that did not come about; undefined where they say nothing of TLS. */
export function explainCall(details: string, address: string, access = accessFrom()): WaywardError | undefined {
  return NEVER_STOOD.test(details) ? explain(plainly(details), address, access) : undefined;
}

/** Makes an error of the system's words about a connection; undefined where they say nothing of TLS. */
export function explain(words: string, address: string, access = accessFrom()): WaywardError | undefined {
  const place = parseAddress(address);
  if (place.error !== undefined) return undefined;
  const [, told] = ROWS.find(([pattern]) => pattern.test(words)) ?? [];
  const about = told ?? (ENDED.test(words) ? ended(isTls(place.value, access), access) : undefined);
  return about?.(place.value.hostPort);
}

function ended(tls: boolean, { certFile }: AccessSettings): About | undefined {
  if (!tls) return notPlain;
  return certFile === undefined ? undefined : refused;
}

/** Of gRPC's sentences about a connection the system's one, where it is there. */
export function plainly(details: string): string {
  return /Last error: (?:Error: )?([\s\S]+?)\.?\s* Resolution note:/.exec(details)?.[1] ?? details;
}
