/** Code generated from proto/, one namespace a file. `npm run generate` makes it anew. */

export { FILE_DESCRIPTORS } from "./gen/descriptors.ts";
export * as descriptor from "./gen/google/protobuf/descriptor.ts";
export * as rpc from "./gen/google/rpc/status.ts";
export * as health from "./gen/grpc/health/v1/health.ts";
export * as reflection from "./gen/grpc/reflection/v1/reflection.ts";
export * as archive from "./gen/wayward/archive/v1/archive.ts";
export * as block from "./gen/wayward/block/v1/block.ts";
export * as ingest from "./gen/wayward/ingest/v1/ingest.ts";
export * as finding from "./gen/wayward/query/v1/finding.ts";
export * as query from "./gen/wayward/query/v1/query.ts";
export * as selection from "./gen/wayward/query/v1/selection.ts";
export * as stream from "./gen/wayward/stream/v1/stream.ts";
