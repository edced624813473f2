import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

interface Waiter {
  readonly socket: Socket;
  readonly answer: (got: boolean) => void;
}

interface SharedLock {
  holder: Socket | undefined;
  readonly waiters: Waiter[];
}

/**
 * Locks that programs on any host share, over TCP: `take NAME MS` is answered
 * by `got NAME` or, after so many milliseconds, `gave-up NAME`; `give NAME`
 * by nothing. A connection that ends gives back what it holds.
 */
export class LockServer {
  readonly #server: Server;
  readonly #locks = new Map<string, SharedLock>();

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of all addresses. */
  static async start(): Promise<LockServer> {
    const server = createServer();
    const locks = new LockServer(server);
    server.on("connection", (socket) => locks.#serve(socket));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "0.0.0.0", resolve));
    return locks;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** How many wait now. */
  get waiting(): number {
    return [...this.#locks.values()].reduce((sum, { waiters }) => sum + waiters.length, 0);
  }

  /** Lets everyone who waits go without the lock, as if the time were over. */
  giveUpAll(): void {
    for (const { waiters } of this.#locks.values()) for (const { answer } of waiters.splice(0)) answer(false);
  }

  stop(): void {
    this.#server.close();
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true).on("error", () => socket.destroy());
    createInterface(socket).on("line", (line) => {
      const [verb, name = "", ms = "0"] = line.split(" ");
      if (verb === "take") this.#take(socket, name, Number(ms));
      else if (verb === "give") this.#give(socket, name);
    });
    socket.once("close", () => {
      for (const name of this.#locks.keys()) this.#give(socket, name);
    });
  }

  #take(socket: Socket, name: string, ms: number): void {
    const lock = this.#locks.get(name) ?? { holder: undefined, waiters: [] };
    this.#locks.set(name, lock);
    if (lock.holder === undefined) {
      lock.holder = socket;
      socket.write(`got ${name}\n`);
      return;
    }
    const answer = (got: boolean) => {
      clearTimeout(timer);
      socket.write(`${got ? "got" : "gave-up"} ${name}\n`);
    };
    const waiter: Waiter = { socket, answer };
    lock.waiters.push(waiter);
    const timer = setTimeout(() => {
      lock.waiters.splice(lock.waiters.indexOf(waiter), 1);
      answer(false);
    }, ms);
  }

  #give(socket: Socket, name: string): void {
    const lock = this.#locks.get(name);
    if (lock?.holder !== socket) return;
    const next = lock.waiters.shift();
    lock.holder = next?.socket;
    next?.answer(true);
  }
}
