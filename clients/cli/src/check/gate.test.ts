import { describe, expect, test } from "@jest/globals";
import { isGated, parseGate } from "./gate.ts";

describe("the gate", () => {
  const FINDINGS = [
    { rule: "order.inversion", severity: "error" },
    { rule: "misuse.double-lock", severity: "error" },
    { rule: "live.long-wait", severity: "warning" },
    { rule: "held-over.io", severity: "info" },
    { rule: "wait-type", severity: "hint" },
  ] as const;
  const failing = (...values: string[]) => {
    const gate = parseGate(values);
    return FINDINGS.filter((finding) => isGated(gate, finding)).map(({ rule }) => rule);
  };

  test("takes a severity and every worse one", () => {
    expect(failing("error")).toEqual(["order.inversion", "misuse.double-lock"]);
    expect(failing("warning")).toEqual(["order.inversion", "misuse.double-lock", "live.long-wait"]);
    expect(failing("hint")).toHaveLength(5);
    // Of several the least counts.
    expect(failing("info", "error")).toEqual(failing("info"));
  });

  test("takes rules and begins of rules, whatever their severity", () => {
    expect(failing("held-over.io")).toEqual(["held-over.io"]);
    expect(failing("held-over.*", "misuse.*")).toEqual(["misuse.double-lock", "held-over.io"]);
    expect(failing("error", "wait-type")).toEqual(["order.inversion", "misuse.double-lock", "wait-type"]);
  });

  test.each(["nothing", "misuse", "misuse.none", "orders.*", "", "Error"])(
    'refuses "%s": it would let all pass',
    (value) => {
      expect(() => parseGate([value])).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          reason: "BAD_OPTION",
          message: expect.stringContaining(`"${value}"`),
        }),
      );
    },
  );
});
