import { Box, Text } from "ink";
import type { ReactElement } from "react";
import type { Row } from "./text.ts";

/** Rows as Ink elements, one `Text` a row: Ink's own layout of many boxes costs more than drawing them. */
export function Rows({ rows }: { readonly rows: readonly Row[] }): ReactElement {
  return (
    <Box flexDirection="column">
      {rows.map((row, at) => (
        // A row is its place on the screen: it has no other identity.
        <Text key={at} wrap="truncate">
          {row.spans.length === 0
            ? " "
            : row.spans.map(({ text, ...style }, index) => (
                <Text key={index} {...style}>
                  {text}
                </Text>
              ))}
        </Text>
      ))}
    </Box>
  );
}
