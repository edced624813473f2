import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { laneName, type Site, siteName } from "../output/cycle.ts";

/** A `location` of SARIF, 3.28. */
export interface SarifLocation {
  readonly physicalLocation?: object;
  readonly logicalLocations?: readonly object[];
  readonly message?: { readonly text: string };
}

/** Where a place in the code is, with its function and lane. */
export function locationOf(site: Site, root: string): SarifLocation {
  const { function: name, file, line } = site;
  return {
    physicalLocation: {
      artifactLocation: artifactOf(file, root),
      ...(line > 0 ? { region: { startLine: line } } : {}),
    },
    ...(name === "" ? {} : { logicalLocations: [{ name, kind: "function" }] }),
    message: { text: placeText(site) },
  };
}

/** The folder that relative names start at. */
export function rootLocation(root: string): object {
  return { uri: pathToFileURL(`${root}/`).href };
}

/** A lane's stack as it was there. Frames are text: what they name differs by language. */
export function stackOf(site: Site): object {
  return {
    message: { text: placeText(site) },
    frames: site.stack.map((frame) => ({ location: { message: { text: frame } } })),
  };
}

function placeText(site: Site): string {
  return site.lane === "" ? siteName(site) : `${siteName(site)} in ${laneName(site)}`;
}

/** Files below the root are named relative to it, whether they came as path or as `file:` URL. */
function artifactOf(file: string, root: string): object {
  const base = pathToFileURL(`${root}/`).href;
  const isWhole = isAbsolute(file) || URL.canParse(file);
  const href = isAbsolute(file)
    ? pathToFileURL(file).href
    : isWhole
      ? new URL(file).href
      : encodeURI(file.toWellFormed());
  if (href.startsWith(base)) return { uri: href.slice(base.length), uriBaseId: "SRCROOT" };
  return isWhole ? { uri: href } : { uri: href, uriBaseId: "SRCROOT" };
}
