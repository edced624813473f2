/**
 * Writes packages/api/src/gen/descriptors.ts: all files of proto/ as one
 * FileDescriptorSet, for gRPC reflection. `npm run generate` runs it.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const args = ["build", "--as-file-descriptor-set", "--exclude-source-info", "-o", "-"];
const bytes = execFileSync(new URL("node_modules/.bin/buf", root).pathname, args, { cwd: new URL("proto/", root) });
const text = `/** All files of proto/ as a google.protobuf.FileDescriptorSet in base 64. Generated. */
export const FILE_DESCRIPTORS =
  "${bytes.toString("base64")}";
`;
writeFileSync(new URL("packages/api/src/gen/descriptors.ts", root), text);
