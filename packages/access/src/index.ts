export { parseAddress } from "./address.ts";
export { DOOR_REASONS, explain, explainCall, plainly } from "./explain.ts";
export { bearerOf, HEADER, hashOf, idOf, keyLine, makeKey } from "./key.ts";
export { isTls, type Reached, reach } from "./reach.ts";
export { type AccessSettings, accessFrom, keyOf, tlsOf } from "./settings.ts";
