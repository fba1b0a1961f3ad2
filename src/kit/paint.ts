import { styleText } from "node:util";

export type Colour = "red" | "green" | "yellow" | "blue" | "magenta" | "cyan" | "dim" | "bold";

let isOn = true;

/** Switches colours off, or on again, for all streams. */
export function colour(on: boolean): void {
  isOn = on;
}

/**
 * Colours text for a stream with one of the 16 ANSI colours. No colour without a terminal or with NO_COLOR (handled by
 * util.styleText), nor for a file (null).
 */
export function paint(colour: Colour, text: string, stream: NodeJS.WriteStream | null): string {
  return stream === null || !isOn ? text : styleText(colour, text, { stream });
}
