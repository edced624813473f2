import { isIP } from "node:net";
import { checkServerIdentity, type SecureContextOptions } from "node:tls";
import type { ChannelCredentials, ChannelOptions, Metadata } from "@grpc/grpc-js";
import { unwrap, WaywardError } from "@wayward/base";
import { type Place, parseAddress } from "./address.ts";
import { bearerOf, HEADER } from "./key.ts";
import { type AccessSettings, keyOf, tlsOf } from "./settings.ts";

/** What a gRPC client is made with. */
export interface Reached {
  /** `host:port`. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly options: ChannelOptions;
  /** For each call: the key as it is then. Throws BAD_ACCESS. */
  metadata(): Metadata;
}

/** Who only spools never loads gRPC, so it is given. */
type Grpc = Pick<typeof import("@grpc/grpc-js"), "credentials" | "Metadata">;

/** TLS allows no address in the place of a name; this one is told to the server instead, and not compared. */
const NO_NAME = "wayward.invalid";

/**
 * How to reach the server at `host:port` or `https://host:port`. An address
 * without a scheme is TLS where a CA is named, else plain text. Throws
 * BAD_ADDRESS, BAD_ACCESS.
 */
export function reach(grpc: Grpc, address: string, access: AccessSettings): Reached {
  const place = unwrap(parseAddress(address));
  const metadata = () => {
    const made = new grpc.Metadata();
    const key = keyOf(access);
    if (key !== undefined) made.set(HEADER, bearerOf(key));
    return made;
  };
  if (!isTls(place, access)) {
    return { target: place.hostPort, credentials: grpc.credentials.createInsecure(), options: {}, metadata };
  }
  const { host, hostPort } = place;
  const options: ChannelOptions = isIP(host) === 0 ? {} : { "grpc.ssl_target_name_override": NO_NAME };
  return { target: hostPort, credentials: secure(grpc, tlsOf(access), host), options, metadata };
}

/** Whether TLS is spoken with this server. */
export function isTls({ tls }: Place, { caFile }: AccessSettings): boolean {
  return tls ?? caFile !== undefined;
}

function secure(grpc: Grpc, { ca, cert, key }: SecureContextOptions, host: string): ChannelCredentials {
  const bytes = (given: SecureContextOptions["ca"]) => (Buffer.isBuffer(given) ? given : null);
  try {
    return grpc.credentials.createSsl(bytes(ca), bytes(key as Buffer), bytes(cert), {
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    });
  } catch (error) {
    const message = `of WAYWARD_CA, WAYWARD_CERT and WAYWARD_CERT_KEY one is no PEM file, or not of the other: ${error}`;
    throw new WaywardError("INVALID_ARGUMENT", "BAD_ACCESS", message, { cause: error });
  }
}
