import { type AccessSettings, keyLine, makeKey } from "@wayward/access";
import { unwrap } from "@wayward/base";
import { type Log, type Part, parseKeys, serveGrpc } from "@wayward/service-kit";

/** A way to ingest for this process alone. */
export interface Within {
  readonly address: string;
  readonly access: AccessSettings;
  stop(): Promise<void>;
}

/**
 * Where the doors are closed, the live analyses come to ingest by a listener
 * of their own, on loopback, with a key that nobody else ever sees: they need
 * no key of the operator's, and no certificate that names this machine.
 */
export async function serveWithin({ services = [] }: Part, log: Log): Promise<Within> {
  const key = makeKey();
  const keys = { keys: unwrap(parseKeys(keyLine(key, ["ingest"], {}))), close: () => {} };
  const doors = { keys, certificates: undefined };
  const { address, stop } = await serveGrpc({ host: "127.0.0.1", port: 0, services, log, isReady: () => true, doors });
  return { address, access: { key }, stop: () => stop(0) };
}
