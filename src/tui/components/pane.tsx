import { Box } from "ink";
import { memo, type ReactNode } from "react";
import type { Size } from "../screens/frame.ts";
import type { SpanLine, ScreenRow } from "../widgets/text.ts";
import { Line, Rows, Rule } from "./rows.tsx";

type PaneProps = {
  readonly title: SpanLine;
  readonly rows: readonly ScreenRow[];
  /** The size of what is between the rules. */
  readonly room: Size;
  /** Without a rule below the title: there is one above it already. */
  readonly lower?: boolean;
  /** At the right edge of the rows. */
  readonly edge?: ReactNode;
};

/** A title, the visible rows, and a rule at the end. */
export const Pane = memo(function Pane({ title, rows, room, lower = false, edge = null }: PaneProps) {
  const { columns, rows: height } = room;
  return (
    <Box flexDirection="column" width={columns} flexShrink={0}>
      <Line width={columns}>{title}</Line>
      {lower ? null : <Rule width={columns} />}
      <Box justifyContent="space-between">
        <Rows rows={rows} height={height} />
        {edge}
      </Box>
      <Rule width={columns} />
    </Box>
  );
});
