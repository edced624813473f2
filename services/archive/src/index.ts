export { type ArchiverOptions, startArchiver } from "./archiver.ts";
export { ensureLayout } from "./layout.ts";
