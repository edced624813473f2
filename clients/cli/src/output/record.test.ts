import { expect, test } from "@jest/globals";
import type { ClientRecord } from "@wayward/client";
import { recordLine } from "./record.ts";

const record = (more: Partial<ClientRecord>): ClientRecord =>
  ({
    session: "0".repeat(26),
    sessionName: "shop",
    lane: { number: 1, name: "main", kind: "thread" },
    eventNo: 0,
    time: 0n,
    aligned: 0n,
    kind: "log.entry",
    text: "",
    site: undefined,
    traceId: undefined,
    spanId: undefined,
    fields: { lock: "A" },
    types: { lock: "object" },
    units: {},
    ...more,
  }) as unknown as ClientRecord;

test("fields stand behind what a record says, one space away, and on a line of their own behind several lines", () => {
  const says = (more: Partial<ClientRecord>) => recordLine(record(more)).split("shop/main ")[1];
  expect(says({})).toBe("log.entry lock=A\n");
  expect(says({ site: { text: "", function: "" } as ClientRecord["site"] })).toBe("log.entry lock=A\n");
  expect(says({ text: "hello" })).toBe("log.entry hello lock=A\n");
  expect(says({ text: "Error: no\n    at pay" })).toBe("log.entry Error: no\n    at pay\n    lock=A\n");
});
