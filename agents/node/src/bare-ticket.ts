import { ticketBegin, ticketDone, ticketEnd } from "@wayward/record";
import type { Recorder } from "./recorder.ts";

/** Records of a wound/wait ticket; `number` names it in records of locks, which are backed off from in the order of the begins. */
export function ticketRecords(recorder: Recorder, ticket: number | bigint, lockClass: string) {
  const name = recorder.writer.dictionary.string(lockClass);
  return {
    number: ticket,
    begin: () => recorder.record(ticketBegin, [ticket, name]),
    /** No further lock will be acquired with it. */
    done: () => recorder.record(ticketDone, [ticket]),
    /** It holds nothing any more. */
    end: () => recorder.record(ticketEnd, [ticket]),
  };
}
