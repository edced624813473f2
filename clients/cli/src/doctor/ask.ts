import http from "node:http";
import https from "node:https";
import { accessFrom, bearerOf, explain, HEADER, isTls, keyOf, parseAddress, tlsOf } from "@wayward/access";
import { unwrap } from "@wayward/base";

/** What a process of ours answers on its HTTP port. */
export interface Asked {
  readonly status: number;
  readonly text: string;
  /** The header of that name; empty where there is none. */
  readonly date: string;
}

const WITHIN_MS = 3_000;

/**
 * Asks `host:port`, or `https://host:port`, with the key and the CA that the
 * environment names. Throws BAD_ADDRESS, BAD_ACCESS, what is wrong with TLS,
 * and what the system throws.
 */
export function ask(address: string, path: string): Promise<Asked> {
  const access = accessFrom();
  const place = unwrap(parseAddress(address));
  const key = keyOf(access);
  const [get, scheme] = isTls(place, access) ? [https.get, "https"] : [http.get, "http"];
  const headers = key === undefined ? {} : { [HEADER]: bearerOf(key) };
  const options = { headers, signal: AbortSignal.timeout(WITHIN_MS), agent: false, ...tlsOf(access) };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(explain(`${error.code} ${error.message}`, address, access) ?? error);
    const request = get(`${scheme}://${place.hostPort}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("error", fail);
      const { statusCode: status = 0, headers: told } = response;
      response.on("end", () => resolve({ status, text, date: told.date ?? "" }));
    });
    request.on("error", fail);
  });
}

/** Whether this address is spoken to by TLS: it is then asked by its name, which its certificate has. */
export function isAskedByTls(address: string): boolean {
  const place = parseAddress(address);
  return place.error === undefined && isTls(place.value, accessFrom());
}
