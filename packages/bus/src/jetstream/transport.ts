import { createConnection, type Socket } from "node:net";
import type { ConnectionOptions, NatsConnection } from "nats";
import { NatsConnectionImpl, setTransportFactory } from "nats/lib/nats-base-client/internal_mod.js";
import { NodeTransport, nodeResolveHost } from "nats/lib/src/node_transport.js";
import { Framing } from "./framing.ts";

/** What is read at once: more costs the processor's cache, less costs calls. */
const READ_BYTES = 256 * 1024;

/**
 * The library's own way to a server, but that what is read comes into one
 * buffer, time after time, and its parser gets whole operations.
 */
class FramedTransport extends NodeTransport {
  #framing: Framing | undefined;

  override dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const callback = (bytes: number, buffer: Uint8Array) => {
        const read = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
        // Until the greeting was seen, and for TLS, others listen.
        if (this.#framing === undefined) socket.emit("data", Buffer.from(read));
        else this.#take(this.#framing, read);
        return true;
      };
      const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback };
      const socket = createConnection({ host: hostname, port, noDelay: true, onread }, () => {
        socket.removeAllListeners();
        resolve(socket);
      });
      socket.once("error", (error) => {
        socket.removeAllListeners();
        reject(error);
      });
    });
  }

  override setupHandlers(): void {
    const framing = new Framing((piece) => this.yields.push(piece));
    for (const read of this.yields.splice(0)) framing.take(Buffer.from(read));
    super.setupHandlers();
    this.socket.removeAllListeners("data");
    this.socket.on("data", (read: Buffer) => this.#take(framing, read));
    this.#framing = framing;
  }

  #take(framing: Framing, read: Buffer): void {
    framing.take(read);
    this.signal.resolve();
  }
}

/** As the library's `connect`. */
export function connectFramed(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new FramedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
