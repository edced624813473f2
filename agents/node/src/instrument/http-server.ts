import diagnostics from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Agent } from "../agent.ts";
import { parseTraceparent } from "../trace.ts";
import type { UrlNames } from "./url-names.ts";

interface Started {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A zone for each request that a server of this process answers, named `GET /path`. */
export function recordHttpServer(agent: Agent, names: UrlNames): void {
  diagnostics.subscribe("http.server.request.start", (message) => {
    const { request, response } = message as Started;
    const header = request.headers.traceparent;
    const trace = typeof header === "string" ? parseTraceparent(header) : undefined;
    const { name, text } = names.of(request.method, request.url);
    const zone = agent.openZone(name, trace, text);
    // "close" comes for answers that were finished and for those that were cut off.
    response.once("close", () =>
      zone.end(response.statusCode, !response.writableFinished || response.statusCode >= 500),
    );
  });
}
