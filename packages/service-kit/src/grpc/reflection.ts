import type { ServerDuplexStream, UntypedServiceImplementation } from "@grpc/grpc-js";
import { reflection } from "@wayward/api";
import { Code } from "@wayward/base";
import { findDescriptor } from "./descriptors.ts";

type Call = ServerDuplexStream<reflection.ServerReflectionRequest, reflection.ServerReflectionResponse>;

/** grpc.reflection.v1 for these services, so that `buf curl` and `grpcurl` need no files. */
export function reflectionService(names: readonly string[], stopping: AbortSignal) {
  const implementation: UntypedServiceImplementation = {
    serverReflectionInfo: (call: Call) => {
      call.on("data", (request: reflection.ServerReflectionRequest) => {
        const messageResponse = answer(request, names);
        // A description is some 60 KiB: who asks on and reads none must not fill the memory.
        if (!call.write({ validHost: request.host, originalRequest: request, messageResponse })) call.pause();
      });
      call.on("drain", () => call.resume());
      const end = () => call.end();
      call.on("end", end);
      stopping.addEventListener("abort", end, { once: true });
      call.on("close", () => stopping.removeEventListener("abort", end));
    },
  };
  return { definition: reflection.ServerReflectionService, implementation };
}

function answer(
  { messageRequest }: reflection.ServerReflectionRequest,
  names: readonly string[],
): reflection.ServerReflectionResponse["messageResponse"] {
  switch (messageRequest?.$case) {
    case "listServices":
      return { $case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } };
    case "fileByFilename":
      return files(findDescriptor("file", messageRequest.value), messageRequest.value);
    case "fileContainingSymbol":
      return files(findDescriptor("symbol", messageRequest.value), messageRequest.value);
    default:
      return failure(Code.UNIMPLEMENTED, "extensions are not described");
  }
}

function files(found: Buffer[], subject: string): reflection.ServerReflectionResponse["messageResponse"] {
  if (found.length === 0) return failure(Code.NOT_FOUND, `nothing here is called ${subject.slice(0, 200)}`);
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto: found } };
}

function failure(errorCode: number, errorMessage: string): reflection.ServerReflectionResponse["messageResponse"] {
  return { $case: "errorResponse", value: { errorCode, errorMessage } };
}
