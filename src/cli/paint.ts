import { styleText } from "node:util";

export type Colour = "red" | "yellow" | "blue" | "magenta" | "cyan" | "dim" | "bold";

/** Colours for a stream: the 16 ANSI colours, none off a terminal or with NO_COLOR (util.styleText knows both). */
export function paint(colour: Colour, text: string, stream: NodeJS.WriteStream): string {
  return styleText(colour, text, { stream });
}
