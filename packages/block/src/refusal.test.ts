import { describe, expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap, WaywardError } from "@wayward/base";
import { logMessage, memoryAlloc, newSessionId, zoneBegin, zoneEnd } from "@wayward/record";
import fc from "fast-check";
import { refusalOf, verifyBlock } from "./block.ts";
import { parseEnvelope, sealEnvelope } from "./envelope.ts";
import { LIMITS } from "./limits.ts";
import { Stage } from "./stage.ts";
import { BlockWriter } from "./writer.ts";

function sampleBlock(pack: boolean): Buffer {
  const description = api.SessionDescription.fromPartial({ name: "refused" });
  const writer = new BlockWriter({ session: newSessionId(1), description, pack });
  const { dictionary } = writer;
  const site = dictionary.site({ function: "f", file: "f.ts", line: 3, text: "loaded {} rows" });
  const heap = dictionary.object({ type: "heap", class: "main" });
  const stage = new Stage();
  for (let index = 0; index < 400; index++) {
    const head = { lane: 1 + (index % 3), time: BigInt(index * 977), site };
    stage.add(dictionary.kind(zoneBegin), zoneBegin, head, []);
    stage.add(dictionary.kind(logMessage), logMessage, head, [index % 6, dictionary.string("a.b"), [index, "text"]]);
    stage.add(dictionary.kind(memoryAlloc), memoryAlloc, head, [heap, BigInt(index) << 40n, index * 13]);
    stage.add(dictionary.kind(zoneEnd), zoneEnd, head, []);
  }
  return writer.write(stage)[0]!.bytes;
}

/** The reason with which a reader refuses these bytes, or undefined. Throws what is no refusal. */
function reasonFor(bytes: Uint8Array): string | undefined {
  const envelope = parseEnvelope(bytes);
  if (envelope.error !== undefined) return envelope.error.reason;
  try {
    verifyBlock(envelope.value);
    return undefined;
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

/** The block with its header changed and its checksum right again. */
function withHeader(bytes: Uint8Array, change: (header: api.BlockHeader) => void): Buffer {
  const { header, payload } = unwrap(parseEnvelope(bytes));
  change(header);
  return sealEnvelope(api.BlockHeader.encode(header).finish(), payload);
}

describe.each([true, false])("a reader (packed: %s)", (pack) => {
  const good = sampleBlock(pack);

  test("takes the block as it was written", () => {
    expect(reasonFor(good)).toBeUndefined();
  });

  test("refuses it cut off at any byte", () => {
    for (let length = 0; length < good.length; length++) expect(reasonFor(good.subarray(0, length))).toBeDefined();
  });

  test("refuses it with bytes behind", () => {
    expect(reasonFor(Buffer.concat([good, Buffer.from([0])]))).toBe("BAD_ENVELOPE");
  });

  test("refuses any changed bit by the checksum", () => {
    for (let at = 0; at < good.length; at += 7) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at % 8);
      expect(["BAD_CRC", "BAD_ENVELOPE"]).toContain(reasonFor(bytes));
    }
  });

  test("never fails otherwise than by a refusal when the payload lies", () => {
    const { headerBytes, payload } = unwrap(parseEnvelope(good));
    const change = fc.record({ at: fc.nat(payload.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const lying = Buffer.from(payload);
        for (const { at, byte } of changes) lying[at] = byte;
        reasonFor(sealEnvelope(headerBytes, lying));
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  test("refuses a payload cut off or longer than its sections", () => {
    const { header, payload } = unwrap(parseEnvelope(good));
    for (const length of [0, 1, payload.length - 1]) {
      const bytes = sealEnvelope(api.BlockHeader.encode(header).finish(), payload.subarray(0, length));
      expect(reasonFor(bytes)).toBe("BAD_HEADER");
    }
  });

  test("refuses every section that ends early", () => {
    const { header, payload } = unwrap(parseEnvelope(good));
    for (const cut of [1, 2, 5, 17]) {
      const shorter = { ...header, columnsLength: header.columnsLength - cut };
      const bytes = sealEnvelope(api.BlockHeader.encode(shorter).finish(), payload.subarray(0, payload.length - cut));
      expect(reasonFor(bytes)).toBe("TRUNCATED");
    }
  });
});

describe("a reader refuses", () => {
  const good = sampleBlock(true);
  test.each<[string, (header: api.BlockHeader) => void]>([
    ["BAD_HEADER", (header) => Object.assign(header, { magic: 1 })],
    ["UNKNOWN_VERSION", (header) => Object.assign(header, { format: 2 })],
    ["UNKNOWN_CODEC", (header) => Object.assign(header, { codec: 7 })],
    ["BAD_HEADER", (header) => Object.assign(header, { session: new Uint8Array(15) })],
    ["TOO_LARGE", (header) => Object.assign(header, { recordCount: LIMITS.records + 1 })],
    ["TOO_LARGE", (header) => Object.assign(header, { unpackedLength: LIMITS.unpackedBytes + 1 })],
    ["TOO_LARGE", (header) => Object.assign(header, { unpackedLength: 10 })],
    ["STREAM_LENGTH", (header) => Object.assign(header, { unpackedLength: header.unpackedLength + 1 })],
    ["BAD_HEADER", (header) => Object.assign(header, { description: undefined })],
    ["BAD_VALUE", (header) => Object.assign(header, { recordCount: header.recordCount - 1 })],
    ["BAD_VALUE", (header) => Object.assign(header, { lastTime: header.lastTime + 1n })],
  ])("%s: %s", (reason, change) => {
    expect(reasonFor(withHeader(good, change))).toBe(reason);
  });

  test("a block over its limit before it looks inside", () => {
    const result = parseEnvelope(Buffer.alloc(LIMITS.blockBytes + 1));
    expect(result.error).toBeInstanceOf(WaywardError);
    expect(result.error?.message).toBe(`block: block is ${LIMITS.blockBytes + 1}, at most ${LIMITS.blockBytes}`);
  });
});
