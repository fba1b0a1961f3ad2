import { renderToString } from "ink";
import { Screen } from "../../src/tui/components/screen.tsx";
import { SurfaceContext } from "../../src/tui/components/surface.ts";
import type { Size } from "../../src/tui/screens/frame.ts";
import type { TuiState } from "../../src/tui/state.ts";
import type { Guard } from "../../src/tui/widgets/text.ts";

/** The rows that Ink draws of a state, without the spaces at their ends; with styles only if they are wanted. */
export function drawn(
  state: TuiState,
  size: Size,
  { guard = (text) => text, styled = false }: { readonly guard?: Guard; readonly styled?: boolean } = {},
): string[] {
  const screen = (
    <SurfaceContext value={{ guard, theme: styled ? "16" : "none" }}>
      <Screen state={state} size={size} />
    </SurfaceContext>
  );
  return renderToString(screen, { columns: size.columns }).split("\n");
}
