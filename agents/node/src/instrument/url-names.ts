/** Names that are kept; programs with a word of its own in every path would fill the dictionary. */
const NAMES_MAX = 2_000;
const PATH_MAX = 200;
const TEXT_MAX = 2_000;
/** Where systems begin to give out ports that nobody asked for (Linux: ip_local_port_range). */
const EPHEMERAL_FROM = 32_768;

/** A number, a UUID, or hexadecimal digits as long as a hash. */
const ID = /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)[0-9a-f]{16,})$/i;
const LOCAL = /^(localhost|\d+(?:\.\d+){3}|\[[0-9a-f:.]+\]):(\d+)$/i;

export interface UrlName {
  /** Of the zone: the same for all requests of a kind. */
  readonly name: string;
  /** What was asked for, where the name does not say it. */
  readonly text: string | undefined;
}

/** Names zones by method and URL: ids in the path become `:id`. Query strings are never in the name, and in the text only if asked for. */
export class UrlNames {
  readonly #captureQuery: boolean;
  readonly #known = new Set<string>();

  constructor(captureQuery: boolean) {
    this.#captureQuery = captureQuery;
  }

  of(method = "GET", url = "/", host = ""): UrlName {
    const query = url.indexOf("?");
    const path = query < 0 ? url : url.slice(0, query);
    const name = this.#bounded(method, nameOfHost(host), nameOfPath(path.slice(0, PATH_MAX)));
    const asked = `${method} ${host}${this.#captureQuery ? url : path}`;
    return { name, text: asked === name ? undefined : asked.slice(0, TEXT_MAX) };
  }

  #bounded(method: string, host: string, path: string): string {
    const name = `${method} ${host}${path}`;
    if (this.#known.has(name)) return name;
    if (this.#known.size >= NAMES_MAX) return `${method} ${host}/*`;
    this.#known.add(name);
    return name;
  }
}

function nameOfPath(path: string): string {
  return path
    .split("/")
    .map((segment) => (ID.test(segment) ? ":id" : segment))
    .join("/");
}

/** Without a port that changes from run to run. */
function nameOfHost(host: string): string {
  const match = LOCAL.exec(host);
  return match !== null && Number(match[2]) >= EPHEMERAL_FROM ? match[1]! : host;
}
