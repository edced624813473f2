import { expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { Block, BlockWriter, Dictionary, messageAt, parseEnvelope, type Scalar, Stage } from "@wayward/block";
import { logMessage, newSessionId, noteText, zoneBegin } from "@wayward/record";
import fc from "fast-check";
import { TextSearch } from "./text.ts";

const word = fc.string({ unit: fc.constantFrom("a", "1", " ", "-", "ü"), maxLength: 4 });
const scalar: fc.Arbitrary<Scalar> = fc.oneof(
  word,
  fc.integer({ min: -120, max: 1200 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom<Scalar>(null, true, 1.5, -0.1, Buffer.of(0x1a, 0x11)),
);
const format = fc.array(fc.oneof(word, fc.constant("{}")), { maxLength: 5 }).map((parts) => parts.join(""));
const log = fc.record({ format: fc.nat(3), args: fc.option(fc.array(scalar, { maxLength: 3 }), { nil: undefined }) });

test("a search finds the records whose message holds the text, whatever it is made of", () => {
  fc.assert(
    fc.property(
      fc.array(format, { minLength: 4, maxLength: 4 }),
      fc.array(log, { minLength: 1, maxLength: 40 }),
      fc.array(fc.option(word, { nil: undefined }), { minLength: 1, maxLength: 20 }),
      fc.oneof(word, fc.nat(1300).map(String), fc.constantFrom("true", "1a", "null")).filter((text) => text !== ""),
      (formats, logs, texts, needle) => {
        const description = api.SessionDescription.fromPartial({ name: "t" });
        const writer = new BlockWriter({ session: newSessionId(1), description });
        const stage = new Stage();
        const sites = formats.map((text, line) => writer.dictionary.site({ function: "f", file: "a", line, text }));
        for (const { format: at, args } of logs) {
          const head = { lane: 1, time: 1n, site: at === 3 ? undefined : sites[at] };
          stage.add(writer.dictionary.kind(logMessage), logMessage, head, [1, 0, args]);
        }
        for (const text of texts) {
          stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: 1n }, [text]);
          stage.add(writer.dictionary.kind(zoneBegin), zoneBegin, { lane: 1, time: 1n }, [undefined, 3n, text]);
        }
        const block = new Block(unwrap(parseEnvelope(writer.write(stage)[0]!.bytes)));
        const dictionary = new Dictionary();
        dictionary.add(block.dictionarySection);
        const search = new TextSearch(needle);
        for (const [slot, { number, count }] of block.columns.kinds.entries()) {
          const columns = block.columns.columns(slot, dictionary.kind(number)!);
          const found = search.matches(columns, dictionary) ?? new Uint8Array(count);
          const expected = Uint8Array.from({ length: count }, (_, record) =>
            messageAt(columns, record, dictionary).includes(needle) ? 1 : 0,
          );
          expect(found).toEqual(expected);
        }
      },
    ),
    { numRuns: 2_000, seed: 7 },
  );
});
