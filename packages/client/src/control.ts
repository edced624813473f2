import * as grpc from "@grpc/grpc-js";
import { type AccessSettings, type Reached, reach } from "@wayward/access";
import { ingest } from "@wayward/api";
import { failureOf } from "./failure.ts";

/** What a control topic says. */
export interface ControlTopic {
  /** Grows with each change. */
  readonly revision: bigint;
  /** JSON for the topics that agents know. */
  readonly value: string;
}

type Answered<T> = (error: grpc.ServiceError | null, answer: T) => void;

/** The settings of running agents, at the ingest service; connects when first asked. */
export class Controls {
  readonly #address: string;
  readonly #access: AccessSettings;
  #reached: Reached | undefined;
  #client: ingest.IngestServiceClient | undefined;

  constructor(address: string, access: AccessSettings) {
    this.#address = address;
    this.#access = access;
  }

  async get(): Promise<Map<string, ControlTopic>> {
    const { control } = await this.#ask<ingest.GetControlResponse>((client, metadata, done) =>
      client.getControl({}, metadata, done),
    );
    return new Map(control.map(({ topic, revision, value }) => [topic, { revision, value: value.toString("utf8") }]));
  }

  async set(topic: string, text: string, expected: bigint | undefined): Promise<bigint> {
    const value = Buffer.from(text);
    const request = { topic, value, expectedRevision: expected ?? 0n, ifUnset: expected === 0n };
    const answer = await this.#ask<ingest.SetControlResponse>((client, metadata, done) =>
      client.setControl(request, metadata, done),
    );
    return answer.revision;
  }

  close(): void {
    this.#client?.close();
  }

  async #ask<T>(
    call: (client: ingest.IngestServiceClient, metadata: grpc.Metadata, done: Answered<T>) => void,
  ): Promise<T> {
    this.#reached ??= reach(grpc, this.#address, this.#access);
    const { target, credentials, options, metadata } = this.#reached;
    this.#client ??= new ingest.IngestServiceClient(target, credentials, options);
    const client = this.#client;
    return new Promise((resolve, reject) =>
      call(client, metadata(), (error, answer) =>
        error === null ? resolve(answer) : reject(failureOf(error, this.#address)),
      ),
    );
  }
}
