import { detailTitle, selectedDetail } from "../screens/tabs/index.ts";
import { fitted } from "../screens/rooms.ts";
import { line } from "../widgets/text.ts";
import { windowFrom } from "../widgets/window.ts";
import { Pane } from "./pane.tsx";
import { useSurface, type ScreenProps } from "./surface.ts";

/** The selected row's tabs, and what the open one says. */
export function Detail({ state, room, lower = false }: ScreenProps & { readonly lower?: boolean }) {
  const { guard } = useSurface();
  const all = fitted(selectedDetail(state), room.columns, guard);
  const { rows, below } = windowFrom(all, state.detailScroll, room.rows);
  return <Pane title={line(...detailTitle(state, room.columns, below))} rows={rows} room={room} lower={lower} />;
}
