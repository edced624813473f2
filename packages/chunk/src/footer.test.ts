import { expect, test } from "@jest/globals";
import { block as api } from "@wayward/api";
import { unwrap } from "@wayward/base";
import { BlockWriter, parseEnvelope, Stage } from "@wayward/block";
import { newSessionId } from "@wayward/record";
import { encodeChunk } from "./encode.ts";
import { readFooter } from "./footer.ts";

/** A chunk of so many sessions, one block each, and how it is read. */
function chunkOf(count: number) {
  const description = api.SessionDescription.fromPartial({ name: "many" });
  const envelopes = Array.from({ length: count }, (_, at) => {
    const [block] = new BlockWriter({ session: newSessionId(at), description }).write(new Stage(), {
      cause: 0,
      uncertainMs: 0,
      exit: "",
    });
    return unwrap(parseEnvelope(block!.bytes));
  });
  const { body } = encodeChunk(envelopes);
  const chunk = Buffer.concat([body].flat());
  const asked: number[] = [];
  const end = async (length: number) => {
    asked.push(length);
    return chunk.subarray(chunk.length - length);
  };
  return { size: chunk.length, end, asked };
}

test("a footer is read at once, and a large one by a second look that is as long as it is", async () => {
  const few = chunkOf(3);
  const small = await readFooter(few.size, few.end);
  expect(small!.footer.sessions).toHaveLength(3);
  expect(few.asked).toEqual([few.size]);
  const many = chunkOf(2_000);
  const large = await readFooter(many.size, many.end);
  expect(large!.footer.sessions).toHaveLength(2_000);
  expect(many.asked).toEqual([96 * 1024, large!.length]);
});

test("where no chunk is there is no footer", async () => {
  expect(await readFooter(100, async () => undefined)).toBeUndefined();
});
