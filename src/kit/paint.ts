import { styleText } from "node:util";

export type Colour = "red" | "yellow" | "blue" | "magenta" | "cyan" | "dim" | "bold";

/** Colours for a stream: the 16 ANSI colours, none off a terminal or with NO_COLOR (util.styleText knows both); null is a file. */
export function paint(colour: Colour, text: string, stream: NodeJS.WriteStream | null): string {
  return stream === null ? text : styleText(colour, text, { stream });
}
