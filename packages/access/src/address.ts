import { fail, ok, type Result } from "@wayward/base";

/** Where a server is, and how it is spoken to. */
export interface Place {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly hostPort: string;
  /** What the address says of TLS; undefined where it has no scheme. */
  readonly tls: boolean | undefined;
}

const FORM = /^(?:(https?):\/\/)?((\[[0-9a-fA-F:]+\]|[^\s:/@]+):(\d{1,5}))\/?$/;

/** `host:port`, `https://host:port` for TLS, `http://host:port` for plain text; error INVALID_ARGUMENT / BAD_ADDRESS. */
export function parseAddress(text: string): Result<Place> {
  const [, scheme, hostPort = "", host = "", port] = FORM.exec(text) ?? [];
  if (Number(port) >= 1 && Number(port) <= 65_535) {
    const tls = scheme === undefined ? undefined : scheme === "https";
    return ok({ host: host.replace(/^\[|\]$/g, ""), hostPort, tls });
  }
  const message = `server address "${text.slice(0, 80)}" is not host:port, or https://host:port for TLS`;
  return fail("INVALID_ARGUMENT", "BAD_ADDRESS", message);
}
