import { Box } from "ink";
import { tooSmall, type Size } from "../screens/frame.ts";
import { footer } from "../screens/footer.ts";
import { header } from "../screens/header.ts";
import { largerLines, roomsOf, textOf, type ScreenRooms } from "../screens/rooms.ts";
import type { TuiState } from "../state.ts";
import { layout } from "../widgets/text.ts";
import { Browse } from "./browse.tsx";
import { Form } from "./form.tsx";
import { Help } from "./help.tsx";
import { Line, Rows } from "./rows.tsx";
import { Run } from "./run.tsx";
import { Runs } from "./runs.tsx";
import { Stores } from "./stores.tsx";
import { useSurface } from "./surface.ts";
import { TextScreen } from "./text.tsx";

/** The whole terminal: never more rows than it has, none wider than it. */
export function Screen({ state, size }: { readonly state: TuiState; readonly size: Size }) {
  const { guard } = useSurface();
  const { columns, rows } = size;
  if (tooSmall(size))
    return <Rows rows={layout(largerLines(state, size), columns, guard)} height={Math.min(3, rows)} />;
  const rooms = roomsOf(state, size, guard);
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Line width={columns}>{header(state, columns)}</Line>
      <Body state={state} rooms={rooms} />
      <Rows rows={rooms.notice} height={rooms.notice.length} />
      <Line width={columns}>{footer(state, columns)}</Line>
    </Box>
  );
}

function Body({ state, rooms: { body, panes } }: { readonly state: TuiState; readonly rooms: ScreenRooms }) {
  if (state.help !== null) return <Help state={state} room={body} />;
  const text = textOf(state);
  if (text !== null) return <TextScreen text={text} room={body} />;
  if (state.where === "stores") return <Stores state={state} room={body} />;
  if (state.where === "form") return <Form state={state} room={body} />;
  if (state.where === "run") return <Run state={state} room={body} />;
  if (state.where === "runs") return <Runs state={state} room={body} />;
  return <Browse state={state} panes={panes} />;
}
