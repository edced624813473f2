import type { ServiceError } from "@grpc/grpc-js";
import { explainCall } from "@wayward/access";
import { rpc } from "@wayward/api";
import { Code, type CodeName, WaywardError } from "@wayward/base";

const DETAILS = "grpc-status-details-bin";

/** What went wrong at the server, with the reason that it gave. `address` names the server where it could not be reached. */
export function failureOf(error: ServiceError, address: string): WaywardError {
  const code = codeName(error.code);
  const reason = reasonOf(error);
  if (code === "UNAVAILABLE" && reason === undefined) {
    const refusal = explainCall(error.details, address);
    if (refusal !== undefined) return refusal;
    const message = `no server answers at ${address}; start one with \`wayward up\`, or name it in WAYWARD_SERVER`;
    return new WaywardError(code, "NO_SERVER", message, { cause: error });
  }
  return new WaywardError(code, reason ?? code, error.details || error.message, { cause: error });
}

function codeName(code: number): CodeName {
  const found = Object.entries(Code).find(([, number]) => number === code);
  return (found?.[0] ?? "UNKNOWN") as CodeName;
}

function reasonOf(error: ServiceError): string | undefined {
  const [bytes] = error.metadata?.get(DETAILS) ?? [];
  if (!Buffer.isBuffer(bytes)) return undefined;
  for (const detail of rpc.Status.decode(bytes).details) {
    if (detail.typeUrl.endsWith("google.rpc.ErrorInfo")) return rpc.ErrorInfo.decode(detail.value).reason;
  }
  return undefined;
}
