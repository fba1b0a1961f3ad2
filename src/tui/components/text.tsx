import type { ScreenText, Size } from "../screens/frame.ts";
import { fitted } from "../screens/rooms.ts";
import { windowFrom } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface } from "./surface.ts";

/** A screen that is one text: the plan, the proof, the receipts. */
export function TextScreen({ text, room }: { readonly text: ScreenText; readonly room: Size }) {
  const { guard } = useSurface();
  const { rows, below } = windowFrom(fitted(text.lines, room.columns, guard), text.scroll, room.rows);
  return <Pane title={text.title(below)} rows={rows} room={room} />;
}
