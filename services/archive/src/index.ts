export { type ArchiverOptions, startArchiver } from "./archiver.ts";
