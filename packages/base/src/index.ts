export { assert, present } from "./assert.ts";
export { backoffMs } from "./backoff.ts";
export { asBuffer, equalBytes, fromBase32, toBase32 } from "./bytes.ts";
export { createDeferred, type Deferred, delay } from "./deferred.ts";
export { Code, type CodeName, type ErrorFacts, fail, ok, type Result, unwrap, WaywardError } from "./error.ts";
export { hideLogin } from "./hide-login.ts";
export { threadEnv } from "./thread-env.ts";
export { formatDuration, formatWall, msFromNs, type Ns, ns, nsFromMs, ZERO_NS } from "./time.ts";
export { VERSION } from "./version.ts";
