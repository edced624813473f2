import { credentials, type ServiceError } from "@grpc/grpc-js";
import { ingest } from "@wayward/api";
import { failureOf } from "./failure.ts";

/** What a control topic says. */
export interface ControlTopic {
  /** Grows with each change. */
  readonly revision: bigint;
  /** JSON for the topics that agents know. */
  readonly value: string;
}

type Answered<T> = (error: ServiceError | null, answer: T) => void;

/** The settings of running agents, at the ingest service; connects when first asked. */
export class Controls {
  readonly #address: string;
  #client: ingest.IngestServiceClient | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  async get(): Promise<Map<string, ControlTopic>> {
    const { control } = await this.#ask<ingest.GetControlResponse>((client, done) => client.getControl({}, done));
    return new Map(control.map(({ topic, revision, value }) => [topic, { revision, value: value.toString("utf8") }]));
  }

  async set(topic: string, text: string, expected: bigint | undefined): Promise<bigint> {
    const value = Buffer.from(text);
    const request = { topic, value, expectedRevision: expected ?? 0n, ifUnset: expected === 0n };
    const answer = await this.#ask<ingest.SetControlResponse>((client, done) => client.setControl(request, done));
    return answer.revision;
  }

  close(): void {
    this.#client?.close();
  }

  #ask<T>(call: (client: ingest.IngestServiceClient, done: Answered<T>) => void): Promise<T> {
    this.#client ??= new ingest.IngestServiceClient(this.#address, credentials.createInsecure());
    const client = this.#client;
    return new Promise((resolve, reject) =>
      call(client, (error, answer) => (error === null ? resolve(answer) : reject(failureOf(error, this.#address)))),
    );
  }
}
