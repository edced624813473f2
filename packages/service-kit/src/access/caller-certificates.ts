import type { ServerHttp2Session } from "node:http2";
import { TLSSocket } from "node:tls";
import type { Metrics } from "../metrics.ts";

/**
 * Tells when the first of the certificates expires that callers have shown,
 * of the connections that are open: one that was replaced counts no more once
 * its caller has connected anew.
 */
export class CallerCertificates {
  readonly #untilMs = new Map<ServerHttp2Session, number>();
  readonly #expires: ReturnType<Metrics["gauge"]>;

  constructor(metrics: Metrics) {
    this.#expires = metrics.gauge(
      "wayward_caller_certificate_expires_seconds",
      "When the first certificate of callers that are connected expires, in seconds since 1970; 0 where none has shown one",
    );
  }

  /** Notes what a caller has shown, until its connection closes. */
  see(session: ServerHttp2Session): void {
    const shown = session.socket instanceof TLSSocket ? session.socket.getPeerX509Certificate() : undefined;
    if (shown === undefined) return;
    this.#untilMs.set(session, shown.validToDate.getTime());
    this.#tell();
    session.once("close", () => {
      this.#untilMs.delete(session);
      this.#tell();
    });
  }

  #tell(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const untilMs of this.#untilMs.values()) first = Math.min(first, untilMs);
    this.#expires.set(this.#untilMs.size === 0 ? 0 : Math.floor(first / 1000));
  }
}
