import diagnostics from "node:diagnostics_channel";
import { errorMonitor } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Agent, OpenZone } from "../agent.ts";
import type { UrlNames } from "./url-names.ts";

/** A zone for each request that this process makes by `node:http` or `node:https`, named `GET host/path`. */
export function recordHttpClient(agent: Agent, names: UrlNames): void {
  const open = new WeakMap<ClientRequest, OpenZone>();
  diagnostics.subscribe("http.client.request.start", (message) => {
    const { request } = message as { readonly request: ClientRequest };
    const host = String(request.getHeader("host") ?? request.host);
    const { name, text } = names.of(request.method, request.path, host);
    open.set(request, agent.openZone(name, undefined, text));
    // A listener of "error" itself would count as the program's: an error that nobody handles would end it no more.
    request.once(errorMonitor, () => end(request, undefined, true));
  });
  diagnostics.subscribe("http.client.response.finish", (message) => {
    const { request, response } = message as { readonly request: ClientRequest; readonly response: IncomingMessage };
    end(request, response.statusCode, (response.statusCode ?? 0) >= 500);
  });

  function end(request: ClientRequest, status: number | undefined, failed: boolean): void {
    open.get(request)?.end(status, failed);
    open.delete(request);
  }
}

interface FetchRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly path: string;
}

/** A zone for each request of `fetch`, by the channels of undici, which is behind it. */
export function recordFetch(agent: Agent, names: UrlNames): void {
  const open = new WeakMap<FetchRequest, OpenZone>();
  const statuses = new WeakMap<FetchRequest, number>();
  const requestOf = (message: unknown) => (message as { readonly request: FetchRequest }).request;
  diagnostics.subscribe("undici:request:create", (message) => {
    const request = requestOf(message);
    const host = String(request.origin).replace(/^https?:\/\//, "");
    const { name, text } = names.of(request.method, request.path, host);
    open.set(request, agent.openZone(name, undefined, text));
  });
  diagnostics.subscribe("undici:request:headers", (message) => {
    const { response } = message as { readonly response: { readonly statusCode: number } };
    statuses.set(requestOf(message), response.statusCode);
  });
  const ended = (failed: boolean) => (message: unknown) => {
    const request = requestOf(message);
    const status = statuses.get(request);
    open.get(request)?.end(status, failed || (status ?? 0) >= 500);
    open.delete(request);
  };
  diagnostics.subscribe("undici:request:trailers", ended(false));
  diagnostics.subscribe("undici:request:error", ended(true));
}
