import manifest from "../package.json" with { type: "json" };

/** Version of Wayward that this is part of: all workspaces have the same. */
export const VERSION: string = manifest.version;
