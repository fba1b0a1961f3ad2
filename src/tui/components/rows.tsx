import { Box, Text } from "ink";
import { memo } from "react";
import { styledText } from "../widgets/styled.ts";
import { layout, line, type SpanLine, type ScreenRow } from "../widgets/text.ts";
import { useSurface } from "./surface.ts";

/** Rows that fit, as one text: Ink measures and cuts each of its texts again, so one is faster than one per row. */
export const Rows = memo(function Rows({
  rows,
  height,
}: {
  readonly rows: readonly ScreenRow[];
  readonly height: number;
}) {
  const { theme, links } = useSurface();
  return (
    <Box height={height} flexShrink={0}>
      <Text wrap="truncate">{styledText(rows.slice(0, height), theme, links)}</Text>
    </Box>
  );
});

/** One line, cut at the width. */
export function Line({ children, width }: { readonly children: SpanLine; readonly width: number }) {
  const { guard } = useSurface();
  return <Rows rows={layout([children], width, guard)} height={1} />;
}

export function Rule({ width }: { readonly width: number }) {
  return <Line width={width}>{line({ text: "─".repeat(width), dimColor: true })}</Line>;
}
