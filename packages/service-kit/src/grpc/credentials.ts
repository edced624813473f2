import { ServerCredentials } from "@grpc/grpc-js";
import type { Certificates } from "../access/certificates.ts";

/** TLS whose certificate is renewed while connections stand. */
export class RenewedCredentials extends ServerCredentials {
  constructor(certificates: Certificates) {
    super({ requestCert: certificates.asksClients }, certificates.context);
    certificates.onRenewed((context) => this.updateSecureContextOptions(context));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
