/** Names that are kept; programs with an id in every path would fill the dictionary. */
const NAMES_MAX = 2_000;
const PATH_MAX = 200;

/** Names zones by method and URL, without the query string unless it is asked for. */
export class UrlNames {
  readonly #whole: boolean;
  readonly #known = new Set<string>();

  constructor(captureQuery: boolean) {
    this.#whole = captureQuery;
  }

  of(method = "GET", url = "/", host = ""): string {
    const query = this.#whole ? -1 : url.indexOf("?");
    const path = (query < 0 ? url : url.slice(0, query)).slice(0, PATH_MAX);
    const name = `${method} ${host}${path}`;
    if (this.#known.has(name)) return name;
    if (this.#known.size >= NAMES_MAX) return `${method} ${host}/*`;
    this.#known.add(name);
    return name;
  }
}
