import { expect, test } from "@jest/globals";
import { formatMessage, type Scalar, scalarText } from "@wayward/block";
import fc from "fast-check";
import { type Template, templateOf } from "./template.ts";

const letters = fc.string({ unit: fc.constantFrom("a", "b", " ", "1"), maxLength: 4 });
const format = fc.array(fc.oneof(letters, fc.constant("{}")), { maxLength: 6 }).map((parts) => parts.join(""));
const scalar: fc.Arbitrary<Scalar> = fc.oneof(letters, fc.nat(111), fc.boolean(), fc.constant(null));

function isMet(template: Template, list: readonly Scalar[], needle: string): boolean {
  if (template.always) return true;
  const texts = list.map(scalarText);
  if (texts.some((text) => text.includes(needle))) return true;
  return template.ways.some((way) =>
    way.every(({ argument, type, text }) => {
      const own = texts[argument]!;
      return type === "is" ? own === text : type === "starts" ? own.startsWith(text) : own.endsWith(text);
    }),
  );
}

test("a template says of every list of arguments what the message itself says", () => {
  fc.assert(
    fc.property(
      format,
      fc.array(scalar, { maxLength: 4 }),
      letters.filter((text) => text !== ""),
      (text, list, needle) => {
        const template = templateOf(text, list.length, needle);
        if (template.look) return;
        expect(isMet(template, list, needle)).toBe(formatMessage(text, list).includes(needle));
      },
    ),
    { numRuns: 20_000, seed: 11 },
  );
});
