import type { Kind } from "./kind.ts";
import { dbKinds } from "./kinds/db.ts";
import { findingKinds } from "./kinds/finding.ts";
import { ioKinds } from "./kinds/io.ts";
import { jobKinds } from "./kinds/job.ts";
import { lockKinds } from "./kinds/lock.ts";
import { logKinds } from "./kinds/log.ts";
import { memoryKinds } from "./kinds/memory.ts";
import { metaKinds } from "./kinds/meta.ts";
import { syncKinds } from "./kinds/sync.ts";
import { threadKinds } from "./kinds/thread.ts";
import { zoneKinds } from "./kinds/zone.ts";

/**
 * Every kind this release knows by name. They have no standing number: a
 * session's dictionary numbers them like user kinds.
 */
export const BUILTIN_KINDS: readonly Kind[] = [
  ...logKinds,
  ...zoneKinds,
  ...lockKinds,
  ...syncKinds,
  ...threadKinds,
  ...jobKinds,
  ...memoryKinds,
  ...ioKinds,
  ...dbKinds,
  ...findingKinds,
  ...metaKinds,
];
