import type { Client, ClientRecord } from "@wayward/client";

/** What can be read of a session. */
export interface Recorded {
  /** The session's id; the last one's where several have the name. */
  readonly session: string;
  /** Zones of the name asked for that begin and end in the records. */
  readonly zones: number;
  /** The same by the services' count. */
  readonly counted: number;
  readonly records: number;
  /** Aligned time of the last record, in nanoseconds since 1970. */
  readonly last: bigint;
  readonly coverage: NonNullable<ReturnType<Client["read"]>["coverage"]>;
}

/** Reads every record of the newest session called `name`, and has the services count. */
export async function recorded(client: Client, name: string, zone: string): Promise<Recorded> {
  const open = new Set<unknown>();
  let zones = 0;
  let records = 0;
  let last = 0n;
  let session = "";
  const see = ({ session: from, kind, fields, aligned }: ClientRecord) => {
    session = from;
    records++;
    last = aligned;
    if (kind === "zone.begin" && fields.name === zone) open.add(fields.id);
    if (kind === "zone.end" && open.delete(fields.id)) zones++;
  };
  const answer = client.read({ names: [name], form: "blocks" });
  for await (const record of answer) see(record);
  const { groups } = await client.count({ names: [name], groupBy: ["zone"], measure: "duration" });
  const counted = Number(groups.find(({ keys }) => keys[0] === zone)?.count ?? 0n);
  return { session, zones, counted, records, last, coverage: answer.coverage! };
}
