import { Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { rpc } from "@wayward/api";
import { Code, WaywardError } from "@wayward/base";

/** Domain of our reasons in google.rpc.ErrorInfo. */
const DOMAIN = "wayward";
const TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/** What the caller is told: code, message, and the reason as google.rpc.ErrorInfo in `grpc-status-details-bin`. */
export function statusOf(error: unknown): Partial<StatusObject> & Partial<ServiceError> {
  const known = error instanceof WaywardError ? error : new WaywardError("INTERNAL", "UNEXPECTED", "internal error");
  const metadata = new Metadata();
  const facts = Object.entries(known.facts).map(([name, value]): [string, string] => [name, String(value)]);
  const info = { reason: known.reason, domain: DOMAIN, metadata: Object.fromEntries(facts) };
  const details = [{ typeUrl: TYPE, value: Buffer.from(rpc.ErrorInfo.encode(info).finish()) }];
  const status = { code: Code[known.code], message: known.message, details };
  metadata.set("grpc-status-details-bin", Buffer.from(rpc.Status.encode(status).finish()));
  return { code: Code[known.code], details: known.message, metadata };
}
