import { block as api } from "@wayward/api";
import { BlockWriter, Stage } from "@wayward/block";
import { newSessionId, noteText, sessionText } from "@wayward/record";

/** One ended session of some kilobytes that do not compress. */
export function sessionOf(number: number, ends: boolean) {
  const session = newSessionId(1_700_000_000_000 + number);
  const writer = new BlockWriter({
    session,
    description: api.SessionDescription.fromPartial({ name: `s${number}` }),
    pack: false,
  });
  const stage = new Stage();
  stage.add(writer.dictionary.kind(noteText), noteText, { lane: 1, time: 1n }, ["x".repeat(20_000)]);
  const { bytes } = writer.write(stage, ends ? { cause: 0, uncertainMs: 0, exit: "" } : undefined)[0]!;
  return { id: session, text: sessionText(session), bytes };
}
