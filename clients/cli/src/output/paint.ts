import { styleText } from "node:util";

/** Colours of a line; all plain where nobody sees them. */
export interface Paint {
  dim(text: string): string;
  lane(text: string): string;
  kind(text: string): string;
}

const PLAIN: Paint = { dim: (text) => text, lane: (text) => text, kind: (text) => text };

const COLOURED: Paint = {
  dim: (text) => styleText("dim", text, { validateStream: false }),
  lane: (text) => styleText("cyan", text, { validateStream: false }),
  kind: (text) => styleText("yellow", text, { validateStream: false }),
};

/** Colours on a terminal, unless NO_COLOR is set (no-color.org). */
export function paint(): Paint {
  return process.stdout.isTTY && !process.env.NO_COLOR ? COLOURED : PLAIN;
}
