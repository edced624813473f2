import { pathToFileURL } from "node:url";

/** NODE_OPTIONS that also load a module first. By URL: those options are split at spaces, and quotes mean something there. */
export function preloading(options: string | undefined, path: string): string {
  return [options, `--import ${pathToFileURL(path).href}`].filter(Boolean).join(" ");
}
