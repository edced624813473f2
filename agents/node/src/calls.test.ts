import { describe, expect, test } from "@jest/globals";
import { recorded } from "./testing/program.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("calls", () => {
  test("a call has a span of its own, which its answer names and does not pass on", () => {
    const { rows, child } = recorded(`
      await agent.within("00-${TRACE}-${SPAN}-01", async () => {
        const header = await agent.call("GET /stock", (traceparent) => traceparent);
        await agent.answer(header, "GET /stock", () => { agent.note(agent.traceparent()); });
      });`);
    expect(child.stderr).toBe("");
    const of = (kind: string) => rows.find((row) => row.kind === kind);
    const call = of("pause.call")!.span;
    expect([call.slice(0, 32), call.length]).toEqual([TRACE, 48]);
    expect(call.slice(32)).not.toBe(SPAN);
    expect([of("call.begin"), of("call.end")]).toMatchObject([
      { span: call, lane: "GET /stock", values: { name: "GET /stock" } },
      { span: call, lane: "GET /stock" },
    ]);
    expect(of("zone.begin")).toMatchObject({ span: TRACE + SPAN, values: { name: "GET /stock" } });
    const inside = of("note.text")!;
    expect(inside.span.slice(0, 32)).toBe(TRACE);
    expect([call, TRACE + SPAN]).not.toContain(inside.span);
    expect(inside.values.text).toContain(inside.span.slice(32));
  });

  test("one that fails has been waited for too, and its answer ends", () => {
    const { rows, child } = recorded(`
      const failing = (work) => work.catch((error) => agent.note(error.message));
      let header;
      await failing(agent.call("GET /stock", (traceparent) => { header = traceparent; throw new Error("reset"); }));
      await failing(agent.answer(header, "GET /stock", () => { throw new Error("broken"); }));`);
    expect(child.stderr).toBe("");
    const of = (kind: string) => rows.find((row) => row.kind === kind);
    expect(of("call.end")!.span).toBe(of("pause.call")!.span);
    expect(rows.filter(({ kind }) => kind === "note.text").map(({ values }) => values.text)).toEqual([
      "reset",
      "broken",
    ]);
  });

  test("work for a header that cannot be read is a lane, and answers nothing", () => {
    const { rows } = recorded(`await agent.answer("nonsense", "GET /stock", () => agent.note("done"));`);
    expect(rows.map(({ kind, lane }) => `${kind} ${lane}`)).toEqual([
      "thread.start GET /stock",
      "note.text GET /stock",
      "thread.exit GET /stock",
    ]);
  });
});
