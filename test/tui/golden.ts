import type { Size } from "../../src/tui/screens/frame.ts";
import { drawn } from "./drawn.tsx";
import { SHOP } from "./shop.ts";
import { svg } from "./svg.ts";

/** Where the golden frames are, from the root. */
export const FRAMES = "test/fixtures/frames";

const SIZES: readonly Size[] = [
  { columns: 60, rows: 15 },
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];

/** The list is where most time is spent: it has each usual width. */
const LIST_SIZES: readonly Size[] = [
  ...SIZES,
  { columns: 90, rows: 24 },
  { columns: 100, rows: 30 },
  { columns: 140, rows: 40 },
];

/** The pictures of docs/tui.md; docs/screens.md has the list at each of its widths. */
const PICTURE: Size = { columns: 100, rows: 24 };

/** Every golden frame by its file's name: as text at each size, and as a picture at one, the list at all. */
export function goldenFrames(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [step, state] of Object.entries(SHOP)) {
    for (const size of step === "list" ? LIST_SIZES : SIZES) {
      const rows = drawn(state, size);
      files.set(`${step}-${size.columns}x${size.rows}.txt`, `${rows.join("\n")}\n`);
      if (step === "list") files.set(`list-${size.columns}.svg`, svg(drawn(state, size, { styled: true }), size));
    }
    files.set(`${step}.svg`, svg(drawn(state, PICTURE, { styled: true }), PICTURE));
  }
  return files;
}
