import { Box } from "ink";
import type { PaneRooms } from "../screens/frame.ts";
import type { TuiState } from "../state.ts";
import { Detail } from "./detail.tsx";
import { Divider } from "./divider.tsx";
import { Facets } from "./facets.tsx";
import { List } from "./list.tsx";

/** The secrets, or the facets, and the details of the selected one beside or below them; else one at a time. */
export function Browse({ state, panes }: { readonly state: TuiState; readonly panes: PaneRooms }) {
  const Chosen = state.where === "facets" ? Facets : List;
  const chosen = <Chosen state={state} room={panes.list} />;
  if (panes.shape === "one") return state.where === "detail" ? <Detail state={state} room={panes.detail} /> : chosen;
  if (panes.shape === "below")
    return (
      <Box flexDirection="column">
        {chosen}
        <Detail state={state} room={panes.detail} lower />
      </Box>
    );
  return (
    <Box>
      {chosen}
      <Divider height={panes.list.rows} />
      <Detail state={state} room={panes.detail} />
    </Box>
  );
}
