import { createContext, use } from "react";
import type { Size } from "../screens/frame.ts";
import type { TuiState } from "../state.ts";
import type { Theme } from "../theme.ts";
import type { Guard } from "../widgets/text.ts";

/** What everything that is drawn passes: known values are taken out, and styled as the theme says. */
export type Surface = {
  readonly guard: Guard;
  readonly theme: Theme;
  readonly links?: boolean;
  /** Set by the list as it is drawn. */
  readonly listTop?: ListTop;
};

/** The first row of the list that is shown: a click is meant for what is seen. */
export type ListTop = { from: number };

/** What each screen is given; `room` is what is between its title and the footer. */
export type ScreenProps = { readonly state: TuiState; readonly room: Size };

/** There is no default: nothing may be drawn unguarded. */
export const SurfaceContext = createContext<Surface | null>(null);

export function useSurface(): Surface {
  const surface = use(SurfaceContext);
  if (surface === null) throw new Error("a component was drawn outside of a SurfaceContext");
  return surface;
}
