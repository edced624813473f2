import type { DictionaryWriter, SiteInfo } from "@wayward/block";
import { textOf } from "./text.ts";

/** Places that are looked up at most: names made at run time must not cost a stack each. */
const SITES_MAX = 4_096;

/** A function whose caller is the place looked for. */
export type Called = (...args: never[]) => unknown;

/** Where in the code things happen, looked up once for each name or operation and only when asked for. */
export class Sites {
  readonly #dictionary: DictionaryWriter;
  /** Whether places are looked up. */
  readonly on: boolean;
  #captured = 0;

  constructor(dictionary: DictionaryWriter, on: boolean) {
    this.#dictionary = dictionary;
    this.on = on;
  }

  /** Number of the site with this text, placed where `called` was called; costs a walk of the stack. */
  named(text: string, called: Called): number {
    return this.#dictionary.site({ ...this.#capture(called), text: textOf(text) });
  }

  /** Number of the place where `called` was called; 0 where sites are not asked for. */
  of(called: Called): number {
    const site = this.#capture(called);
    return site === undefined ? 0 : this.#dictionary.site(site);
  }

  #capture(called: Called): SiteInfo | undefined {
    if (!this.on || this.#captured >= SITES_MAX) return undefined;
    this.#captured++;
    return callerOf(called);
  }
}

/** The places of one object's operations, each looked up at its first use. */
export class OperationSites {
  readonly #sites: Sites;
  readonly #known = new Map<string, number>();

  constructor(sites: Sites) {
    this.#sites = sites;
  }

  of(operation: string, called: Called): number {
    if (!this.#sites.on) return 0;
    const known = this.#known.get(operation);
    if (known !== undefined) return known;
    const site = this.#sites.of(called);
    this.#known.set(operation, site);
    return site;
  }
}

/** Where `called` was called. */
function callerOf(called: Called): SiteInfo | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, frames) => frames;
    Error.captureStackTrace(holder, called);
    const [frame] = holder.stack as NodeJS.CallSite[];
    if (frame === undefined) return undefined;
    return {
      function: frame.getFunctionName() ?? "",
      file: frame.getFileName()?.replace(/^file:\/\//, "") ?? "",
      line: frame.getLineNumber() ?? 0,
    };
  } catch {
    return undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
