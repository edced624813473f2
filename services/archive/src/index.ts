export { type ArchiverOptions, startArchiver } from "./archiver.ts";
export { checkBelongs } from "./check.ts";
