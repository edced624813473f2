export { type AllInOneOptions, startAllInOne } from "./start.ts";
